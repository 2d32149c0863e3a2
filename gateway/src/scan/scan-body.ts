import { isUtf8 } from 'node:buffer'
import { GatewayError } from '../errors.ts'

/** Where the value of `model` lies in the body: its text, and the bytes `[start, end)` of its JSON literal. */
export interface ScannedModel {
  readonly value: string
  readonly start: number
  readonly end: number
}

/** What the gateway needs to know of a request body; everything else is forwarded unread. */
export interface ScannedBody {
  readonly model: ScannedModel
  /** True only for the literal `true`: the upstream decides about anything else. */
  readonly stream: boolean
}

/** The deepest nesting that is let through; the outermost object counts as 1. */
export const MAX_DEPTH = 64

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const MINUS = 0x2d
const PLUS = 0x2b
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const LOWER_U = 0x75
const SIMPLE_ESCAPES = new Set(Buffer.from('"\\/bfnrt'))
const LITERALS = new Map(['true', 'false', 'null'].map((word) => [word.charCodeAt(0), Buffer.from(word)]))

/**
 * Finds the top-level `model` and `stream` of a JSON body without building it: numbers beyond 2^53, unknown fields and
 * the order of keys reach the upstream as the client wrote them.
 *
 * Accepts exactly what `JSON.parse` accepts, further limited to an object, valid UTF-8, {@link MAX_DEPTH} levels and one
 * `model` and one `stream`: parsers disagree on which of two duplicates counts, so a second one could pass a policy under one name
 * and be served under the other.
 *
 * @throws GatewayError `invalid_json` or `invalid_model`
 */
export function scanBody(bytes: Buffer): ScannedBody {
  if (!isUtf8(bytes)) throw new GatewayError('invalid_json', 'The request body is not valid UTF-8.')
  return new Scanner(bytes).scan()
}

/** A body with another model name in place of the scanned one; no other byte changes. */
export function spliceModel(bytes: Buffer, model: ScannedModel, name: string): Buffer {
  if (name === model.value) return bytes
  return Buffer.concat([bytes.subarray(0, model.start), Buffer.from(JSON.stringify(name)), bytes.subarray(model.end)])
}

/** One pass over the bytes. Plain loops over indices: this runs on every request, over bodies of up to 20 MiB. */
class Scanner {
  readonly #bytes: Buffer
  #at = 0
  #model: ScannedModel | undefined
  #stream: boolean | undefined

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  scan(): ScannedBody {
    this.#skipSpace()
    if (this.#bytes[this.#at] !== OPEN_OBJECT) throw this.#malformed('a JSON object was expected')
    this.#skipObject(1, (start, end) => this.#readMember(start, end))
    this.#skipSpace()
    if (this.#at < this.#bytes.length) throw this.#malformed('text follows the JSON object')
    if (this.#model === undefined)
      throw new GatewayError('invalid_model', 'You must provide a model.', { param: 'model' })
    return { model: this.#model, stream: this.#stream ?? false }
  }

  /** Reads the value of a top-level key, whose literal lies at `[keyStart, keyEnd)`. */
  #readMember(keyStart: number, keyEnd: number): void {
    const key = this.#stringAt(keyStart, keyEnd)
    const start = this.#at
    this.#skipValue(2)
    if (key === 'model') this.#takeModel(start, this.#at)
    else if (key === 'stream') this.#takeStream(start, this.#at)
  }

  #takeModel(start: number, end: number): void {
    if (this.#model !== undefined) throw duplicate('model')
    if (this.#bytes[start] !== QUOTE) {
      throw new GatewayError('invalid_model', 'model must be a string.', { param: 'model' })
    }
    const value = this.#stringAt(start, end)
    if (value === '') throw new GatewayError('invalid_model', 'You must provide a model.', { param: 'model' })
    this.#model = { value, start, end }
  }

  #takeStream(start: number, end: number): void {
    if (this.#stream !== undefined) throw duplicate('stream')
    this.#stream = this.#bytes.toString('latin1', start, end) === 'true'
  }

  /** The text of a string literal that was already found to be well-formed. */
  #stringAt(start: number, end: number): string {
    const value: unknown = JSON.parse(this.#bytes.toString('utf8', start, end))
    return typeof value === 'string' ? value : ''
  }

  #skipValue(depth: number): void {
    const byte = this.#bytes[this.#at]
    if (byte === QUOTE) this.#skipString()
    else if (byte === OPEN_OBJECT) this.#skipObject(depth)
    else if (byte === OPEN_ARRAY) this.#skipArray(depth)
    else if (byte === MINUS || isDigit(byte)) this.#skipNumber()
    else this.#skipLiteral(byte)
  }

  /** `member` is called with the key's literal when the cursor is at its value, and must skip that value. */
  #skipObject(depth: number, member?: (keyStart: number, keyEnd: number) => void): void {
    this.#checkDepth(depth)
    this.#at++
    this.#skipSpace()
    if (this.#take(CLOSE_OBJECT)) return
    do {
      this.#skipSpace()
      const keyStart = this.#at
      this.#skipString()
      const keyEnd = this.#at
      this.#skipSpace()
      if (!this.#take(COLON)) throw this.#malformed('":" was expected')
      this.#skipSpace()
      if (member === undefined) this.#skipValue(depth + 1)
      else member(keyStart, keyEnd)
      this.#skipSpace()
    } while (this.#take(COMMA))
    if (!this.#take(CLOSE_OBJECT)) throw this.#malformed('"," or "}" was expected')
  }

  #skipArray(depth: number): void {
    this.#checkDepth(depth)
    this.#at++
    this.#skipSpace()
    if (this.#take(CLOSE_ARRAY)) return
    do {
      this.#skipSpace()
      this.#skipValue(depth + 1)
      this.#skipSpace()
    } while (this.#take(COMMA))
    if (!this.#take(CLOSE_ARRAY)) throw this.#malformed('"," or "]" was expected')
  }

  #skipString(): void {
    const bytes = this.#bytes
    if (bytes[this.#at] !== QUOTE) throw this.#malformed('a string was expected')
    for (let at = this.#at + 1; at < bytes.length; at++) {
      const byte = bytes[at]
      if (byte === QUOTE) {
        this.#at = at + 1
        return
      }
      if (byte === BACKSLASH) at = this.#skipEscape(at)
      else if (byte === undefined || byte < 0x20) break
    }
    throw this.#malformed('a string does not end or holds a control character')
  }

  /** The position of the last byte of the escape that starts at `at`. */
  #skipEscape(at: number): number {
    const kind = this.#bytes[at + 1]
    if (kind !== undefined && SIMPLE_ESCAPES.has(kind)) return at + 1
    if (kind === LOWER_U && this.#areHexDigits(at + 2, at + 6)) return at + 5
    throw this.#malformed('a string holds an unknown escape')
  }

  /** Looks at the bytes one by one: clients that write ASCII only escape every letter of a Chinese text. */
  #areHexDigits(start: number, end: number): boolean {
    for (let at = start; at < end; at++) if (!isHexDigit(this.#bytes[at])) return false
    return true
  }

  #skipNumber(): void {
    this.#take(MINUS)
    if (!this.#take(ZERO)) this.#skipDigits()
    if (this.#take(DOT)) this.#skipDigits()
    if (this.#take(0x65) || this.#take(0x45)) {
      if (!this.#take(PLUS)) this.#take(MINUS)
      this.#skipDigits()
    }
  }

  #skipDigits(): void {
    const start = this.#at
    while (isDigit(this.#bytes[this.#at])) this.#at++
    if (this.#at === start) throw this.#malformed('a digit was expected')
  }

  #skipLiteral(first: number | undefined): void {
    const word = first === undefined ? undefined : LITERALS.get(first)
    if (word === undefined) throw this.#malformed('a value was expected')
    const end = this.#at + word.length
    if (!this.#bytes.subarray(this.#at, end).equals(word)) throw this.#malformed('a value was expected')
    this.#at = end
  }

  #skipSpace(): void {
    for (;;) {
      const byte = this.#bytes[this.#at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return
      this.#at++
    }
  }

  #take(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false
    this.#at++
    return true
  }

  #checkDepth(depth: number): void {
    if (depth > MAX_DEPTH) {
      throw new GatewayError('invalid_json', `The request body is nested deeper than ${MAX_DEPTH} levels.`)
    }
  }

  #malformed(what: string): GatewayError {
    return new GatewayError('invalid_json', `The request body is not valid JSON: ${what} at byte ${this.#at}.`)
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE
}

function isHexDigit(byte: number | undefined): boolean {
  if (byte === undefined) return false
  const lower = byte | 0x20 // A to F become a to f
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66)
}

function duplicate(name: string): GatewayError {
  return new GatewayError('invalid_json', `The request body has more than one "${name}".`, { param: name })
}
