import type { IncomingHttpHeaders } from 'node:http'

/**
 * The keys a request presents, in the order they are tried: `X-API-Key`, then `Authorization: Bearer`. OpenAI clients
 * send the second; a user interface in front of the gateway may add the first.
 */
export function presentedKeys(headers: IncomingHttpHeaders): string[] {
  const own = headers['x-api-key']
  const bearer = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
  return [...(typeof own === 'string' ? [own.trim()] : []), ...(bearer === undefined ? [] : [bearer])].filter(
    (key) => key !== '',
  )
}
