/**
 * JSON without building it: where tokens and values end. Plain loops over indices, since all of this runs on every
 * request and answer, over bodies of up to 20 MiB.
 */

/** The deepest nesting that is let through; the outermost object counts as 1. */
export const MAX_DEPTH = 64

export const QUOTE = 0x22
export const BACKSLASH = 0x5c
export const COMMA = 0x2c
export const COLON = 0x3a
export const OPEN_OBJECT = 0x7b
export const CLOSE_OBJECT = 0x7d
export const OPEN_ARRAY = 0x5b
export const CLOSE_ARRAY = 0x5d
const MINUS = 0x2d
const PLUS = 0x2b
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const LOWER_E = 0x65
const UPPER_E = 0x45
const LOWER_U = 0x75

const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')
const NULL = Buffer.from('null')

/** 1 for the bytes at which a string cannot just go on: control characters, the quote, the backslash. */
const STOPS_STRING = new Uint8Array(256).fill(1, 0, 0x20)
STOPS_STRING[QUOTE] = 1
STOPS_STRING[BACKSLASH] = 1

/** 1 for what may follow a backslash alone. */
const SIMPLE_ESCAPE = new Uint8Array(256)
for (const byte of Buffer.from('"\\/bfnrt')) SIMPLE_ESCAPE[byte] = 1

/** Strings shorter than this are not worth looking at four bytes at a time. */
const SHORT_STRING = 48

/** Bytes that are no JSON: what was wrong, and at which byte. */
export class JsonFault extends Error {
  override readonly name = 'JsonFault' as const

  constructor(what: string, at: number) {
    super(`${what} at byte ${at}`)
  }
}

/** Where the white space that starts at `at` ends. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let here = at
  for (;;) {
    const byte = bytes[here]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return here
    here++
  }
}

/**
 * Where the value that starts at `at` ends. Accepts exactly what `JSON.parse` does, down to {@link MAX_DEPTH} levels.
 *
 * @param depth of the value, if it is an object or an array
 * @throws JsonFault
 */
export function skipValue(bytes: Uint8Array, at: number, depth: number): number {
  const byte = bytes[at] ?? 0
  switch (byte) {
    case QUOTE:
      return skipString(bytes, at)
    case OPEN_OBJECT:
      return skipObject(bytes, at, depth)
    case OPEN_ARRAY:
      return skipArray(bytes, at, depth)
    case 0x74:
      return skipWord(bytes, at, TRUE)
    case 0x66:
      return skipWord(bytes, at, FALSE)
    case 0x6e:
      return skipWord(bytes, at, NULL)
    default:
      if (byte === MINUS || isDigit(byte)) return skipNumber(bytes, at)
      throw new JsonFault('a value was expected', at)
  }
}

/** Where the string that starts at `at` ends. @throws JsonFault */
export function skipString(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== QUOTE) throw new JsonFault('a string was expected', at)
  let here = at + 1
  let long = here + SHORT_STRING
  for (;;) {
    let byte = bytes[here]
    while (byte !== undefined && STOPS_STRING[byte] === 0) {
      byte = bytes[++here]
      if (here === long) {
        here = skipPlainWords(bytes, here)
        byte = bytes[here]
      }
    }
    if (byte === QUOTE) return here + 1
    if (byte !== BACKSLASH) throw new JsonFault('a string does not end or holds a control character', here)
    here = skipEscape(bytes, here)
    // Text with an escape in every line has runs that are worth it as well.
    long = here + SHORT_STRING
  }
}

/**
 * The first position from `at` on that is no plain part of a string, or up to three bytes before it. Looks at four bytes
 * at a time, which is four times as fast as one by one: a prompt of a megabyte is one long string.
 */
function skipPlainWords(bytes: Uint8Array, at: number): number {
  let here = at
  while ((bytes.byteOffset + here) % 4 !== 0 && here < bytes.length) {
    if (STOPS_STRING[bytes[here] ?? 0] === 1) return here
    here++
  }
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + here, (bytes.length - here) >> 2)
  let index = 0
  while (index < words.length && isPlainWord(words[index] ?? 0)) index++
  return here + index * 4
}

/**
 * Whether none of the four bytes of a word stops a string. The three terms have the top bit of a byte set if one is
 * below 0x20, is a quote or is a backslash (the "has zero" and "has less" tests of Bit Twiddling Hacks).
 */
function isPlainWord(word: number): boolean {
  const quotes = word ^ 0x22222222
  const slashes = word ^ 0x5c5c5c5c
  const found = ((word - 0x20202020) & ~word) | ((quotes - 0x01010101) & ~quotes) | ((slashes - 0x01010101) & ~slashes)
  return (found & 0x80808080) === 0
}

/** Where the escape that starts at `at` ends. Clients that write ASCII only escape every letter of a Chinese text. */
function skipEscape(bytes: Uint8Array, at: number): number {
  const kind = bytes[at + 1]
  if (kind !== undefined && SIMPLE_ESCAPE[kind] === 1) return at + 2
  if (kind === LOWER_U && areHexDigits(bytes, at + 2, at + 6)) return at + 6
  throw new JsonFault('a string holds an unknown escape', at)
}

function skipObject(bytes: Uint8Array, at: number, depth: number): number {
  checkDepth(depth, at)
  let here = skipSpace(bytes, at + 1)
  if (bytes[here] === CLOSE_OBJECT) return here + 1
  for (;;) {
    here = skipSpace(bytes, skipValue(bytes, skipKey(bytes, here), depth + 1))
    if (bytes[here] !== COMMA) return endOf(CLOSE_OBJECT, bytes, here)
    here = skipSpace(bytes, here + 1)
  }
}

/** From a member's key to its value. @throws JsonFault */
export function skipKey(bytes: Uint8Array, at: number): number {
  const here = skipSpace(bytes, skipString(bytes, at))
  if (bytes[here] !== COLON) throw new JsonFault('":" was expected', here)
  return skipSpace(bytes, here + 1)
}

function skipArray(bytes: Uint8Array, at: number, depth: number): number {
  checkDepth(depth, at)
  let here = skipSpace(bytes, at + 1)
  if (bytes[here] === CLOSE_ARRAY) return here + 1
  for (;;) {
    here = skipSpace(bytes, skipValue(bytes, here, depth + 1))
    if (bytes[here] !== COMMA) return endOf(CLOSE_ARRAY, bytes, here)
    here = skipSpace(bytes, here + 1)
  }
}

function endOf(bracket: number, bytes: Uint8Array, at: number): number {
  if (bytes[at] === bracket) return at + 1
  throw new JsonFault(`"," or "${String.fromCharCode(bracket)}" was expected`, at)
}

function skipNumber(bytes: Uint8Array, at: number): number {
  let here = bytes[at] === MINUS ? at + 1 : at
  here = bytes[here] === ZERO ? here + 1 : skipDigits(bytes, here)
  if (bytes[here] === DOT) here = skipDigits(bytes, here + 1)
  if (bytes[here] !== LOWER_E && bytes[here] !== UPPER_E) return here
  const sign = bytes[here + 1]
  return skipDigits(bytes, sign === PLUS || sign === MINUS ? here + 2 : here + 1)
}

function skipDigits(bytes: Uint8Array, at: number): number {
  let here = at
  while (isDigit(bytes[here])) here++
  if (here === at) throw new JsonFault('a digit was expected', at)
  return here
}

function skipWord(bytes: Uint8Array, at: number, word: Uint8Array): number {
  for (let index = 1; index < word.length; index++) {
    if (bytes[at + index] !== word[index]) throw new JsonFault('a value was expected', at)
  }
  return at + word.length
}

/** Whether the bytes of `text` stand at `at`. */
export function standsAt(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text[index]) return false
  return true
}

function checkDepth(depth: number, at: number): void {
  if (depth > MAX_DEPTH) throw new JsonFault(`more than ${MAX_DEPTH} levels are nested`, at)
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE
}

function areHexDigits(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (!isHexDigit(bytes[at])) return false
  return true
}

function isHexDigit(byte: number | undefined): boolean {
  if (byte === undefined) return false
  const lower = byte | 0x20 // A to F become a to f
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66)
}
