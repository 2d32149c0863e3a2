import type { ServerResponse } from 'node:http'

/** All warnings of an answer together, in bytes: more than kube-apiserver's own limit would not get through its clients. */
const LIMIT = 4096

/** Sends warnings with the answer, each in a header of its own (RFC 9111 section 5.5); those past the limit are left out. */
export function warn(response: ServerResponse, warnings: readonly string[]): void {
  let length = 0
  const headers = [...new Set(warnings)]
    // Headers are bytes: UTF-8 travels as Latin-1.
    .map((text) => Buffer.from(`299 - ${JSON.stringify(text)}`).toString('latin1'))
    .filter((header) => (length += header.length) <= LIMIT)
  if (headers.length > 0) response.setHeader('warning', headers)
}
