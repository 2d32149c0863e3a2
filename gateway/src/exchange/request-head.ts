import { readFieldLines, type Fields } from '../http1/field-lines.ts'
import { listsToken, parseLength } from '../http1/field-values.ts'

/** More fields than this are unusual. */
const MAX_FIELDS = 100

/** Visible ASCII without what has a meaning of its own in some parser: fragments, quotes, backslashes, braces. */
const IS_TARGET = new Uint8Array(256)
for (const char of "-._~%/?=&+:,@!$'()*;0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  IS_TARGET[char.charCodeAt(0)] = 1
}

const QUESTION = 0x3f
const VERSION = ' HTTP/1.1\r\n'

/** The head of a plain request. */
export interface RequestHead {
  readonly method: 'GET' | 'POST'
  /** Without the query. */
  readonly path: string
  readonly headers: Fields
  readonly bodyBytes: number
  /** The client takes further answers on this connection. */
  readonly isKept: boolean
}

/**
 * Reads the head of a request if it is of the plain kind that nearly all are: a GET without a body or a POST with a
 * `content-length`, in HTTP/1.1, with nothing that changes how it is framed or who it is for. Whatever else there is
 * gets undefined and belongs to `node:http`, which knows all the rest, and refuses what has to be refused.
 *
 * @param head the bytes as latin1, without the empty line at its end
 */
export function parseRequestHead(head: string): RequestHead | undefined {
  const method = head.startsWith('POST /') ? 'POST' : head.startsWith('GET /') ? 'GET' : undefined
  if (method === undefined) return undefined
  const targetAt = method.length + 1
  let at = targetAt
  let query = -1
  for (let code = head.charCodeAt(at); IS_TARGET[code] === 1; code = head.charCodeAt(++at)) {
    if (code === QUESTION && query === -1) query = at
  }
  if (!head.startsWith(VERSION, at)) return undefined
  const headers: Fields = {}
  const fields = readFieldLines(head, at + VERSION.length, headers, refuse)
  if (fields === -1 || fields > MAX_FIELDS || isUnusual(headers)) return undefined
  const bodyBytes = bodyLength(method, headers['content-length'])
  const isKept = connectionIsKept(headers.connection)
  if (bodyBytes === undefined || isKept === undefined) return undefined
  return { method, path: head.slice(targetAt, query === -1 ? at : query), headers, bodyBytes, isKept }
}

/** A field that is there twice. Some may be; none of them needs to be fast. */
function refuse(): boolean {
  return false
}

/** It has no host, or a field that says more of the connection or of the framing than the plain kind. */
function isUnusual(headers: Fields): boolean {
  return (
    headers.host === undefined ||
    headers['transfer-encoding'] !== undefined ||
    headers.expect !== undefined ||
    headers.upgrade !== undefined ||
    headers['proxy-connection'] !== undefined ||
    headers['set-cookie'] !== undefined // a list in node:http, and none of a request's business
  )
}

function bodyLength(method: 'GET' | 'POST', length: string | undefined): number | undefined {
  if (method === 'GET') return length === undefined || length === '0' ? 0 : undefined
  return length === undefined ? undefined : parseLength(length)
}

function connectionIsKept(connection: string | undefined): boolean | undefined {
  if (connection === undefined || listsTokenAlone(connection, 'keep-alive')) return true
  return listsTokenAlone(connection, 'close') ? false : undefined
}

function listsTokenAlone(list: string, token: string): boolean {
  return list.length === token.length && listsToken(list, token)
}
