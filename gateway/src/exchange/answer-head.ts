import { STATUS_CODES, type OutgoingHttpHeaders } from 'node:http'
import { checkFieldValue } from '../http1/field-values.ts'

/** Status lines by status: few different ones are ever used. */
const STATUS_LINES = new Map<number, string>()

/** What the head of an answer is made of. */
export interface AnswerHead {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly requestId: string
  /** The lines that the connection adds: framing, date, whether it is kept. */
  readonly connectionLines: string
}

/** @throws TypeError when a value could not be sent as one field line */
export function renderAnswerHead({ status, headers, requestId, connectionLines }: AnswerHead): string {
  let head = statusLine(status)
  for (const name in headers) {
    const value = headers[name]
    if (typeof value === 'string') head += fieldLine(name, value)
    else if (typeof value === 'number') head += `${name}: ${value}\r\n`
    else if (value !== undefined) for (const item of value) head += fieldLine(name, item)
  }
  return `${head}x-request-id: ${requestId}\r\n${connectionLines}\r\n`
}

/** Statuses that have no body, whatever is written. */
export function hasNoBody(status: number): boolean {
  return status === 204 || status === 304
}

function statusLine(status: number): string {
  const known = STATUS_LINES.get(status)
  if (known !== undefined) return known
  const line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`
  STATUS_LINES.set(status, line)
  return line
}

function fieldLine(name: string, value: string): string {
  checkFieldValue(name, value)
  return `${name}: ${value}\r\n`
}
