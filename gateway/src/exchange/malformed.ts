import type { Duplex } from 'node:stream'
import { GatewayError, renderEnvelope } from '../errors.ts'

/** What a client is told whose bytes never became a request. The parser's own words are not repeated: they quote it. */
export function describeMalformed(code: string | undefined): GatewayError {
  if (code === 'HPE_HEADER_OVERFLOW') return new GatewayError('headers_too_large', 'The request headers are too large.')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new GatewayError('request_timeout', 'The request did not arrive in time.')
  }
  return new GatewayError('bad_request', 'The request is not valid HTTP.')
}

/** Answers on a connection that has no request, and closes it. */
export function refuseConnection(socket: Duplex, refusal: GatewayError): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const body = renderEnvelope(refusal)
  const head = `HTTP/1.1 ${refusal.status} Refused\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}`
  socket.end(`${head}\r\nconnection: close\r\n\r\n${body}`, () => socket.destroy())
}
