import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../errors.ts'

/** How long a connection stays open for a client that is still sending a body that was refused, in milliseconds. */
export const LINGER_MS = 5_000

/**
 * Refuses a body by what its headers say of it, before any of it is read.
 *
 * @throws GatewayError `unsupported_content_encoding` or `request_too_large`
 */
export function checkAnnouncedBody(headers: IncomingHttpHeaders, maxBytes: number): void {
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    throw new GatewayError('unsupported_content_encoding', 'The request body must not be compressed.')
  }
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes)
}

export function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('request_too_large', `The request body is larger than ${maxBytes} bytes.`)
}

export function tooSlow(): GatewayError {
  return new GatewayError('request_timeout', 'The request did not arrive in time.')
}

export function clientClosed(): GatewayError {
  return new GatewayError('client_closed_request', 'The client closed the connection.')
}
