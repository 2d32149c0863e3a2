import { readFieldLines, type Fields } from '../http1/field-lines.ts'
import { listsToken, parseLength } from '../http1/field-values.ts'
import { UpstreamError, type UpstreamHead } from './upstream-client.ts'

/** How the end of a body is known. */
export type Framing =
  { readonly kind: 'length'; readonly bytes: number } | { readonly kind: 'chunked' } | { readonly kind: 'close' }

/** A head and what it says of its connection. */
export interface ResponseHead extends UpstreamHead {
  readonly framing: Framing
  /** The connection can take another call. */
  readonly isKept: boolean
  /** How long the server keeps the connection idle, in milliseconds, if it says so. */
  readonly keepMs: number | undefined
}

/** Of these the first one counts, as in `node:http`; all others are joined. */
const SINGLE = new Set([
  'age',
  'content-type',
  'date',
  'etag',
  'expires',
  'last-modified',
  'location',
  'retry-after',
  'server',
])

const CHUNKED: Framing = { kind: 'chunked' }
const UNTIL_CLOSE: Framing = { kind: 'close' }
const EMPTY: Framing = { kind: 'length', bytes: 0 }

/**
 * Reads the head of an answer.
 *
 * @param head the bytes as latin1, without the empty line at its end
 * @throws UpstreamError `broken` for whatever is not HTTP/1 or could be framed in two ways
 */
export function parseResponseHead(head: string): ResponseHead {
  const line = head.indexOf('\r\n')
  const status = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/.exec(
    line === -1 ? head : head.slice(0, line),
  )
  const headers: Fields = {}
  if (status === null || (line !== -1 && readFieldLines(head, line + 2, headers, join) === -1)) {
    throw new UpstreamError('broken', 'the answer is not HTTP')
  }
  const cookie: string | string[] | undefined = headers['set-cookie']
  if (typeof cookie === 'string') headers['set-cookie'] = [cookie]
  const code = Number(status[2])
  const framing = framingOf(code, status[1] === '1', headers)
  const isKept = status[1] === '1' && framing.kind !== 'close' && !listsToken(headers.connection ?? '', 'close')
  return { status: code, headers, framing, isKept, keepMs: keepMs(headers['keep-alive']) }
}

function framingOf(status: number, isCurrent: boolean, headers: Fields): Framing {
  const { 'transfer-encoding': coding, 'content-length': length } = headers
  if (coding !== undefined) {
    if (length !== undefined || !isCurrent || coding.toLowerCase() !== 'chunked') throw ambiguous()
    return status < 200 || status === 204 || status === 304 ? EMPTY : CHUNKED
  }
  const bytes = length === undefined ? undefined : parseLength(length)
  if (length !== undefined && bytes === undefined) throw ambiguous()
  if (status < 200 || status === 204 || status === 304) return EMPTY
  return bytes === undefined ? UNTIL_CLOSE : { kind: 'length', bytes }
}

function join(fields: Fields, name: string, value: string): boolean {
  if (name === 'content-length' || name === 'transfer-encoding') return false
  if (name === 'set-cookie') {
    const cookies: string | string[] | undefined = fields['set-cookie']
    fields['set-cookie'] = typeof cookies === 'string' ? [cookies, value] : [...(cookies ?? []), value]
  } else if (!SINGLE.has(name) && Object.hasOwn(fields, name)) fields[name] = `${String(fields[name])}, ${value}`
  return true
}

function keepMs(hint: string | string[] | undefined): number | undefined {
  const seconds = typeof hint !== 'string' ? null : /(?:^|[,\s])timeout=(\d{1,6})/i.exec(hint)
  return seconds === null ? undefined : Number(seconds[1]) * 1000
}

function ambiguous(): UpstreamError {
  return new UpstreamError('broken', 'the answer does not say clearly where it ends')
}
