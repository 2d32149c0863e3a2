import { randomUUID } from 'node:crypto'

/** A client's request id if it is safe to log and to send back, else a new one. */
export function acceptRequestId(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(header) ? header : randomUUID()
}
