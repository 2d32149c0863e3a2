import { COLON, standsAt } from '../scan/json.ts'

const LF = 0x0a
const CR = 0x0d
const DATA = Buffer.from('data')
const EVENT = Buffer.from('event:')
const ERROR = Buffer.from('error')

/** `data`, with or without a value. */
export function isDataLine(bytes: Uint8Array, at: number, lineEnd: number): boolean {
  return standsAt(bytes, at, DATA) && (bytes[at + 4] === COLON || at + 4 === lineEnd)
}

/** The line that names an event `error`. */
export function isErrorLine(bytes: Uint8Array, at: number, lineEnd: number): boolean {
  if (!standsAt(bytes, at, EVENT)) return false
  const value = at + EVENT.length
  const name = bytes[value] === 0x20 ? value + 1 : value
  return lineEnd - name === ERROR.length && standsAt(bytes, name, ERROR)
}

/** Where the line that `at` lies in ends, at the latest at `end`. */
export function endOfLine(bytes: Uint8Array, at: number, end: number): number {
  let here = at
  while (here < end && bytes[here] !== LF && bytes[here] !== CR) here++
  return here
}

/** Where the line ends that is followed by nothing but line ends. */
export function trimEnd(bytes: Uint8Array, end: number): number {
  let here = end
  while (bytes[here - 1] === LF || bytes[here - 1] === CR) here--
  return here
}

/** A copy of an event in which only its data is left, all else turned to blanks: what is found keeps its place. */
export function blankAround(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = Uint8Array.prototype.slice.call(bytes, start, end)
  for (let at = 0; at < copy.length;) {
    const lineEnd = endOfLine(copy, at, copy.length)
    copy.fill(0x20, at, isDataLine(copy, at, lineEnd) ? Math.min(at + 5, lineEnd) : lineEnd)
    at = lineEnd + 1
  }
  return copy
}
