import type { IncomingHttpHeaders } from 'node:http'

/** The key in `X-API-Key`, which a user interface in front of the gateway may add; undefined when there is none. */
export function apiKeyHeader(headers: IncomingHttpHeaders): string | undefined {
  const value = headers['x-api-key']
  return typeof value === 'string' && value !== '' ? value.trim() || undefined : undefined
}

/** What `Authorization: Bearer` carries, a key or a token, as OpenAI clients send it; undefined for any other scheme. */
export function bearerCredential(headers: IncomingHttpHeaders): string | undefined {
  const value = headers.authorization
  if (value === undefined || value.length < 8 || value.slice(0, 7).toLowerCase() !== 'bearer ') return undefined
  const credential = value.slice(7).trim()
  return credential === '' || credential.includes(' ') ? undefined : credential
}
