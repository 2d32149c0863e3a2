import { isUtf8 } from 'node:buffer'
import { GatewayError } from '../errors.ts'
import {
  BACKSLASH,
  CLOSE_OBJECT,
  COMMA,
  JsonFault,
  OPEN_OBJECT,
  QUOTE,
  skipKey,
  skipSpace,
  skipString,
  skipValue,
  standsAt,
} from './json.ts'

/** Where the value of `model` lies in the body: its text, and the bytes `[start, end)` of its JSON literal. */
export interface ScannedModel {
  readonly value: string
  readonly start: number
  readonly end: number
}

/** Bytes `[start, end)` of a body, and what would stand in their place. */
export interface Splice {
  readonly start: number
  readonly end: number
  readonly text: Uint8Array
}

/** What the gateway needs to know of a request body; everything else is forwarded unread. */
export interface ScannedBody {
  readonly model: ScannedModel
  /** True only for the literal `true`: the upstream decides about anything else. */
  readonly stream: boolean
  /** The client asked for usage in its stream: `stream_options.include_usage` is the literal `true`. */
  readonly includeUsage: boolean
  /**
   * How the body would ask for it. Undefined where the client does so itself, wants no stream, or wrote into
   * `stream_options` what only the upstream can judge.
   */
  readonly usageSplice: Splice | undefined
  /** The largest of `max_tokens`, `max_completion_tokens` and `max_output_tokens` that is a whole number. */
  readonly maxTokens: number | undefined
}

const MODEL = Buffer.from('model')
const STREAM = Buffer.from('stream')
const STREAM_OPTIONS = Buffer.from('stream_options')
const MAX_TOKENS = Buffer.from('max_tokens')
const MAX_COMPLETION_TOKENS = Buffer.from('max_completion_tokens')
const MAX_OUTPUT_TOKENS = Buffer.from('max_output_tokens')
const INCLUDE_USAGE = Buffer.from('include_usage')
const CONTINUOUS_USAGE = Buffer.from('continuous_usage_stats')
/** The fields that are read. Told apart by their length first: most fields of a body are none of them. */
const FIELDS = [MODEL, STREAM, STREAM_OPTIONS, MAX_TOKENS, MAX_COMPLETION_TOKENS, MAX_OUTPUT_TOKENS]
const OPTIONS = [INCLUDE_USAGE, CONTINUOUS_USAGE]

const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')
const NULL = Buffer.from('null')
const USAGE_OPTIONS = Buffer.from('{"include_usage":true}')
const USAGE_OPTIONS_MEMBER = Buffer.from('"stream_options":{"include_usage":true},')
const USAGE_MEMBER = Buffer.from('"include_usage":true')
const USAGE_MEMBER_COMMA = Buffer.from('"include_usage":true,')

/**
 * Finds the top-level fields that routing and accounting need in a JSON body without building it: numbers beyond 2^53,
 * unknown fields and the order of keys reach the upstream as the client wrote them.
 *
 * Accepts exactly what `JSON.parse` accepts, further limited to an object, valid UTF-8, `MAX_DEPTH` levels and one of
 * each field that is read: parsers disagree on which of two duplicates counts, so a second one could pass a policy under
 * one name and be served under the other.
 *
 * @throws GatewayError `invalid_json` or `invalid_model`
 */
export function scanBody(bytes: Uint8Array): ScannedBody {
  if (!isUtf8(bytes)) throw new GatewayError('invalid_json', 'The request body is not valid UTF-8.')
  try {
    return new BodyScanner(bytes).scan()
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error
    throw new GatewayError('invalid_json', `The request body is not valid JSON: ${error.message}.`)
  }
}

class BodyScanner {
  readonly #bytes: Uint8Array
  /** Just behind the brace that opens the body. */
  #inside = 0
  #model: ScannedModel | undefined
  #stream: boolean | undefined
  #maxTokens: number | undefined
  #asksUsage = false
  #usageSplice: Splice | undefined
  /** The fields that were met, a bit each, in the order of `FIELDS`. */
  #seen = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  scan(): ScannedBody {
    const bytes = this.#bytes
    const start = skipSpace(bytes, 0)
    if (bytes[start] !== OPEN_OBJECT) throw new JsonFault('a JSON object was expected', start)
    this.#inside = start + 1
    const end = skipSpace(bytes, this.#scanMembers(start + 1))
    if (end < bytes.length) throw new JsonFault('text follows the JSON object', end)
    if (this.#model === undefined) throw noModel()
    const stream = this.#stream ?? false
    return {
      model: this.#model,
      stream,
      includeUsage: this.#asksUsage,
      usageSplice: stream ? this.#splice() : undefined,
      maxTokens: this.#maxTokens,
    }
  }

  #splice(): Splice | undefined {
    if ((this.#seen & (1 << FIELDS.indexOf(STREAM_OPTIONS))) !== 0) return this.#usageSplice
    return { start: this.#inside, end: this.#inside, text: USAGE_OPTIONS_MEMBER }
  }

  #scanMembers(at: number): number {
    const bytes = this.#bytes
    let here = skipSpace(bytes, at)
    if (bytes[here] === CLOSE_OBJECT) return here + 1
    for (;;) {
      const value = skipKey(bytes, here)
      const end = skipValue(bytes, value, 2)
      const field = fieldAt(bytes, here, FIELDS)
      if (field !== -1) this.#take(field, value, end)
      here = skipSpace(bytes, end)
      if (bytes[here] === CLOSE_OBJECT) return here + 1
      if (bytes[here] !== COMMA) throw new JsonFault('"," or "}" was expected', here)
      here = skipSpace(bytes, here + 1)
    }
  }

  #take(index: number, start: number, end: number): void {
    const field = FIELDS[index]
    const bit = 1 << index
    if ((this.#seen & bit) !== 0) throw duplicate(String(field))
    this.#seen |= bit
    if (field === MODEL) this.#takeModel(start, end)
    else if (field === STREAM) this.#stream = standsAt(this.#bytes, start, TRUE)
    else if (field === STREAM_OPTIONS) this.#takeStreamOptions(start, end)
    else this.#takeMaxTokens(start, end)
  }

  #takeModel(start: number, end: number): void {
    if (this.#bytes[start] !== QUOTE) {
      throw new GatewayError('invalid_model', 'model must be a string.', { param: 'model' })
    }
    const value = stringAt(this.#bytes, start, end)
    if (value === '') throw noModel()
    this.#model = { value, start, end }
  }

  #takeMaxTokens(start: number, end: number): void {
    const value = Number(latin1(this.#bytes, start, end)) // what is no number gives NaN
    if (Number.isSafeInteger(value) && value >= 0) this.#maxTokens = Math.max(this.#maxTokens ?? 0, value)
  }

  #takeStreamOptions(start: number, end: number): void {
    const bytes = this.#bytes
    if (standsAt(bytes, start, NULL)) this.#usageSplice = { start, end, text: USAGE_OPTIONS }
    if (bytes[start] !== OPEN_OBJECT) return
    const inside = skipSpace(bytes, start + 1)
    const isEmpty = bytes[inside] === CLOSE_OBJECT
    this.#usageSplice = { start: start + 1, end: start + 1, text: isEmpty ? USAGE_MEMBER : USAGE_MEMBER_COMMA }
    if (!isEmpty) this.#scanStreamOptions(inside)
  }

  /** The members of an object that is known to be well-formed. */
  #scanStreamOptions(at: number): void {
    const bytes = this.#bytes
    let wasSeen = false
    for (let here = at; ;) {
      const value = skipKey(bytes, here)
      const end = skipValue(bytes, value, 3)
      const option = OPTIONS[fieldAt(bytes, here, OPTIONS)]
      if (option === INCLUDE_USAGE) {
        if (wasSeen) throw duplicate('include_usage')
        wasSeen = true
      }
      if (option !== undefined) this.#takeOption(option, value, end)
      here = skipSpace(bytes, end)
      if (bytes[here] !== COMMA) return
      here = skipSpace(bytes, here + 1)
    }
  }

  #takeOption(option: Uint8Array, start: number, end: number): void {
    const bytes = this.#bytes
    const isOff = standsAt(bytes, start, FALSE) || standsAt(bytes, start, NULL)
    if (option === CONTINUOUS_USAGE) {
      // With usage asked for, it would put usage into every chunk.
      if (!isOff) this.#usageSplice = undefined
    } else {
      this.#asksUsage = standsAt(bytes, start, TRUE)
      const canSplice = isOff && this.#usageSplice !== undefined
      this.#usageSplice = canSplice ? { start, end, text: TRUE } : undefined
    }
  }
}

/** Which of the fields a key's literal names, -1 for none. */
function fieldAt(bytes: Uint8Array, key: number, fields: readonly Buffer[]): number {
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index]
    if (field === undefined) continue
    if (bytes[key + 1 + field.length] === QUOTE && standsAt(bytes, key + 1, field)) return index
  }
  return hasEscape(bytes, key) ? escapedFieldAt(bytes, key, fields) : -1
}

function hasEscape(bytes: Uint8Array, key: number): boolean {
  for (let at = key + 1; ; at++) {
    if (bytes[at] === BACKSLASH) return true
    if (bytes[at] === QUOTE) return false
  }
}

/** `"m\u006fdel"` is a model as well. */
function escapedFieldAt(bytes: Uint8Array, key: number, fields: readonly Buffer[]): number {
  const name = stringAt(bytes, key, skipString(bytes, key))
  return fields.findIndex((field) => String(field) === name)
}

/** The text of a string literal that is known to be well-formed. */
function stringAt(bytes: Uint8Array, start: number, end: number): string {
  const literal = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8')
  if (!literal.includes('\\')) return literal.slice(1, -1)
  const value: unknown = JSON.parse(literal)
  return typeof value === 'string' ? value : ''
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}

function noModel(): GatewayError {
  return new GatewayError('invalid_model', 'You must provide a model.', { param: 'model' })
}

function duplicate(name: string): GatewayError {
  return new GatewayError('invalid_json', `The request body has more than one "${name}".`, { param: name })
}
