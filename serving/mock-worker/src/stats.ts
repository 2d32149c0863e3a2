import type { IncomingHttpHeaders } from 'node:http'

/** Headers whose value is nobody's business. */
const CREDENTIALS = ['authorization', 'proxy-authorization', 'x-api-key', 'api-key', 'cookie']

/** The last inference request as it was received, for tests of what stands in front of the worker. */
export interface LastRequest {
  readonly method: string
  readonly path: string
  /** Credentials are `present` rather than shown. */
  readonly headers: IncomingHttpHeaders
  /** The text as it came, not parsed and written again. */
  readonly body: string
}

/** A request as it may be shown. */
export function lastRequest(method: string, path: string, headers: IncomingHttpHeaders, body: string): LastRequest {
  const shown = { ...headers }
  for (const name of CREDENTIALS) if (shown[name] !== undefined) shown[name] = 'present'
  return { method, path, headers: shown, body }
}
