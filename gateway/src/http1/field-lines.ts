import type { IncomingHttpHeaders } from 'node:http'
import { fieldName } from './field-names.ts'

/** Characters of a token (RFC 9110, section 5.6.2), and those of a field value: visible ASCII, spaces, obs-text. */
const IS_TOKEN = new Uint8Array(256)
const IS_VALUE = new Uint8Array(256)
for (const char of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  IS_TOKEN[char.charCodeAt(0)] = 1
}
for (let code = 0x20; code <= 0xff; code++) IS_VALUE[code] = code === 0x7f ? 0 : 1
IS_VALUE[0x09] = 1

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const COLON = 0x3a

/** Headers as they are read: names in lower case. */
export type Fields = IncomingHttpHeaders

/**
 * Reads the field lines of a head into `fields`. Strict, as a proxy has to be: no folding, no space before a colon, no
 * bare CR or LF, nothing but tokens as names. What the two ends of a connection could read differently is refused.
 *
 * @param head the bytes as latin1, without the empty line at its end
 * @param from where the first line begins
 * @param add takes a field whose name there was already; false refuses it
 * @returns how many lines there were, or -1 if one is not well-formed
 */
export function readFieldLines(
  head: string,
  from: number,
  fields: Fields,
  add: (fields: Fields, name: string, value: string) => boolean,
): number {
  const { length } = head
  let count = 0
  for (let at = from; at < length; count++) {
    const nameAt = at
    while (at < length && IS_TOKEN[head.charCodeAt(at)] === 1) at++
    if (at === nameAt || head.charCodeAt(at) !== COLON) return -1
    const name = fieldName(head, nameAt, at)
    at++
    while (isBlank(head.charCodeAt(at))) at++
    const valueAt = at
    while (at < length && IS_VALUE[head.charCodeAt(at)] === 1) at++
    let end = at
    while (end > valueAt && isBlank(head.charCodeAt(end - 1))) end--
    const value = head.slice(valueAt, end)
    if (at < length && (head.charCodeAt(at) !== CR || head.charCodeAt(at + 1) !== LF)) return -1
    at += 2
    if (fields[name] !== undefined) {
      if (!add(fields, name, value)) return -1
    } else fields[name] = value
  }
  return count
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}
