import { checkFieldValue } from '../http1/field-values.ts'
import { lengthOf } from './pieces.ts'
import type { UpstreamRequest } from './upstream-client.ts'

/**
 * The head of a call.
 *
 * @param prefix what the endpoint's address has before `/v1/…`
 * @throws TypeError when a header has a line break or the path a blank
 */
export function renderRequestHead(request: UpstreamRequest, host: string, prefix: string): string {
  if (/[^\x21-\x7e]/.test(request.path)) throw new TypeError('the path has a character that cannot be sent')
  let head = `${request.method} ${prefix}${request.path} HTTP/1.1\r\nhost: ${host}\r\n`
  const { headers } = request
  for (const name in headers) {
    const value = headers[name]
    if (typeof value === 'string') head += fieldLine(name, value)
    else if (value !== undefined) for (const item of value) head += fieldLine(name, item)
  }
  return request.method === 'GET' ? `${head}\r\n` : `${head}content-length: ${lengthOf(request.body)}\r\n\r\n`
}

function fieldLine(name: string, value: string): string {
  checkFieldValue(name, value)
  return `${name}: ${value}\r\n`
}
