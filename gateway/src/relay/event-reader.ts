import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
  standsAt,
} from '../scan/json.ts'
import { blankAround, endOfLine, isDataLine, isErrorLine, trimEnd } from './event-lines.ts'
import { parseUsage, type ReportedUsage } from './usage.ts'

const ERROR = Buffer.from('error')
const DONE = Buffer.from('[DONE]')
const NULL = Buffer.from('null')
const CHOICES = Buffer.from('choices')
const USAGE = Buffer.from('usage')
const RESPONSE = Buffer.from('response')
const TYPE = Buffer.from('type')
const DELTA = Buffer.from('delta')
const FINISH_REASON = Buffer.from('finish_reason')
/** The members of a choice whose text was generated. */
const GENERATED = ['content', 'text', 'reasoning_content', 'reasoning', 'arguments', 'refusal'].map((key) =>
  Buffer.from(key),
)
/** The types that end a stream of the Responses API. */
const COMPLETED = Buffer.from('response.completed"')
const INCOMPLETE = Buffer.from('response.incomplete"')
const FAILED = Buffer.from('response.failed"')
const ERROR_TYPE = Buffer.from('error"')

/** In which member of the outermost object the reader is. */
type Section = 'choices' | 'response' | 'other'

/**
 * What one event of a stream says, of chat, completions or responses. Walks over the tokens of its data without building
 * them and without judging them: some hundred nanoseconds for a chunk, where `JSON.parse` takes some thousand.
 */
export class EventReader {
  /** It has data at all; comments have none. */
  hasData = false
  /** `[DONE]`, or the event that ends a response. */
  isLast = false
  /** It reports an error. */
  isError = false
  /** The data of an event that does. */
  errorText = ''
  /** Text was generated. */
  hasDelta = false
  /** A choice has its `finish_reason`. */
  isFinished = false
  usage: ReportedUsage | undefined
  /** It is there only to report usage: it has no choices. */
  isUsageOnly = false
  /** The member `"usage":null` with one comma, relative to the event: `[cutStart, cutEnd)`; -1 if there is none. */
  cutStart = -1
  cutEnd = -1
  #section: Section = 'other'
  #hasNoChoices = false
  #usageStart = -1
  #usageDepth = -1

  /** @param isOneLine it has one line besides the empty one at its end */
  read(bytes: Uint8Array, start: number, end: number, isOneLine: boolean): void {
    this.#reset()
    if (isOneLine && isDataLine(bytes, start, end)) this.#readData(bytes, start, start + 5, trimEnd(bytes, end))
    else this.#readLines(bytes, start, end)
  }

  #reset(): void {
    this.hasData = false
    this.isLast = false
    this.isError = false
    this.errorText = ''
    this.hasDelta = false
    this.isFinished = false
    this.usage = undefined
    this.isUsageOnly = false
    this.cutStart = -1
    this.cutEnd = -1
  }

  #readLines(bytes: Uint8Array, start: number, end: number): void {
    let dataLines = 0
    let dataStart = start
    for (let at = start; at < end;) {
      const lineEnd = endOfLine(bytes, at, end)
      if (isDataLine(bytes, at, lineEnd)) {
        if (dataLines++ === 0) dataStart = at
      } else if (isErrorLine(bytes, at, lineEnd)) this.isError = true
      at = lineEnd + 1
    }
    if (dataLines === 0) return
    if (dataLines === 1) this.#readData(bytes, start, dataStart + 5, endOfLine(bytes, dataStart, end))
    else this.#readData(blankAround(bytes, start, end), 0, 0, end - start)
  }

  #readData(bytes: Uint8Array, eventStart: number, start: number, end: number): void {
    this.hasData = true
    const at = skipSpace(bytes, start)
    if (bytes[at] === OPEN_OBJECT) {
      this.#walk(bytes, at, end)
      if (this.cutStart !== -1) {
        this.cutStart -= eventStart
        this.cutEnd -= eventStart
      }
    } else this.isLast = standsAt(bytes, at, DONE)
    if (this.isError) this.errorText = Buffer.from(bytes.subarray(at, end)).toString()
  }

  #walk(bytes: Uint8Array, start: number, end: number): void {
    this.#section = 'other'
    this.#hasNoChoices = false
    this.#usageStart = -1
    this.#usageDepth = -1
    let depth = 0
    let comma = -1
    for (let at = start; at < end;) {
      const byte = bytes[at]
      if (byte === QUOTE) {
        const close = closingQuote(bytes, at + 1, end)
        const colon = skipSpace(bytes, close + 1)
        if (colon < end && bytes[colon] === COLON) {
          const value = skipSpace(bytes, colon + 1)
          if (depth === 1) this.#readMember(bytes, at, close, value, comma)
          else this.#readInner(bytes, at + 1, close - at - 1, value, depth)
          at = value
        } else at = close + 1
        continue
      }
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        depth--
        if (depth === this.#usageDepth) this.#takeUsage(bytes, at + 1)
      } else if (byte === COMMA && depth === 1) comma = at
      at++
    }
    this.isUsageOnly = this.#hasNoChoices && this.usage !== undefined
  }

  /** A member of the outermost object; its value is told by the first byte. */
  #readMember(bytes: Uint8Array, key: number, close: number, value: number, comma: number): void {
    const at = key + 1
    this.#section = 'other'
    switch (close - at) {
      case 4:
        if (standsAt(bytes, at, TYPE) && bytes[value] === QUOTE) this.#readType(bytes, value + 1)
        return
      case 5:
        if (standsAt(bytes, at, USAGE)) this.#readUsage(bytes, key, value, comma)
        else if (standsAt(bytes, at, ERROR)) this.isError ||= bytes[value] === OPEN_OBJECT || isText(bytes, value)
        else if (standsAt(bytes, at, DELTA)) this.hasDelta ||= isText(bytes, value)
        return
      case 7:
        if (!standsAt(bytes, at, CHOICES)) return
        this.#section = 'choices'
        this.#hasNoChoices = bytes[value] === OPEN_ARRAY && bytes[skipSpace(bytes, value + 1)] === CLOSE_ARRAY
        return
      case 8:
        if (standsAt(bytes, at, RESPONSE)) this.#section = 'response'
        return
      default:
    }
  }

  #readInner(bytes: Uint8Array, key: number, length: number, value: number, depth: number): void {
    if (this.#section === 'response') {
      if (depth === 2 && length === USAGE.length && standsAt(bytes, key, USAGE)) this.#beginUsage(bytes, value, depth)
    } else if (this.#section === 'choices' && isText(bytes, value)) {
      if (length === FINISH_REASON.length && standsAt(bytes, key, FINISH_REASON)) this.isFinished = true
      else if (!this.hasDelta) this.hasDelta = isGenerated(bytes, key, length)
    }
  }

  #readType(bytes: Uint8Array, at: number): void {
    const hasFailed = standsAt(bytes, at, FAILED)
    this.isError ||= hasFailed || standsAt(bytes, at, ERROR_TYPE)
    this.isLast ||= hasFailed || standsAt(bytes, at, COMPLETED) || standsAt(bytes, at, INCOMPLETE)
  }

  #readUsage(bytes: Uint8Array, key: number, value: number, comma: number): void {
    if (!standsAt(bytes, value, NULL)) return this.#beginUsage(bytes, value, 1)
    const end = value + NULL.length
    this.cutStart = comma === -1 ? key : comma
    const next = skipSpace(bytes, end)
    this.cutEnd = comma === -1 && bytes[next] === COMMA ? skipSpace(bytes, next + 1) : end
  }

  #beginUsage(bytes: Uint8Array, value: number, depth: number): void {
    if (bytes[value] !== OPEN_OBJECT) return
    this.#usageStart = value
    this.#usageDepth = depth
  }

  #takeUsage(bytes: Uint8Array, end: number): void {
    this.#usageDepth = -1
    try {
      this.usage = parseUsage(bytes, this.#usageStart, end)
    } catch {
      // What is not JSON reports nothing.
    }
  }
}

function isGenerated(bytes: Uint8Array, key: number, length: number): boolean {
  for (const name of GENERATED) if (name.length === length && standsAt(bytes, key, name)) return true
  return false
}

/** A string that is not empty. */
function isText(bytes: Uint8Array, value: number): boolean {
  return bytes[value] === QUOTE && bytes[value + 1] !== QUOTE
}

function closingQuote(bytes: Uint8Array, at: number, end: number): number {
  let here = at
  while (here < end) {
    const byte = bytes[here]
    if (byte === QUOTE) return here
    here += byte === BACKSLASH ? 2 : 1
  }
  return end
}
