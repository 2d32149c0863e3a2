import {
  BACKSLASH,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  JsonFault,
  OPEN_OBJECT,
  skipKey,
  skipSpace,
  skipValue,
} from '../scan/json.ts'

/** The tokens of a call as its upstream reported them. */
export interface ReportedUsage {
  readonly promptTokens: number
  readonly completionTokens: number
}

const USAGE_KEY = Buffer.from('"usage"')
/** How many objects named "usage" are looked at in one answer: beyond that it does not mean to report any. */
const MAX_CANDIDATES = 8

/**
 * The usage in the end of a JSON object, of which no more is read than the usage and what follows it. In an embedding
 * answer a megabyte of numbers stands before it.
 *
 * An object that is called "usage" but lies deeper, or in a text, is not meant: only a member of the outermost object is
 * followed by nothing but members, one brace and the end.
 */
export function findUsage(tail: Buffer): ReportedUsage | undefined {
  let from = tail.length
  for (let tries = 0; tries < MAX_CANDIDATES && from > 0; tries++) {
    const key = tail.lastIndexOf(USAGE_KEY, from - 1)
    if (key === -1) return undefined
    const usage = tail[key - 1] === BACKSLASH ? undefined : topLevelUsage(tail, key + USAGE_KEY.length)
    if (usage !== undefined) return usage
    from = key
  }
  return undefined
}

function topLevelUsage(tail: Buffer, afterKey: number): ReportedUsage | undefined {
  const colon = skipSpace(tail, afterKey)
  if (tail[colon] !== COLON) return undefined
  const start = skipSpace(tail, colon + 1)
  if (tail[start] !== OPEN_OBJECT) return undefined
  try {
    const end = skipValue(tail, start, 2)
    return closesOutermost(tail, end) ? parseUsage(tail, start, end) : undefined
  } catch (error) {
    if (error instanceof JsonFault) return undefined
    throw error
  }
}

/** Whether from `at`, behind a value, there is nothing but members of the same object, its end and the end of all. */
function closesOutermost(tail: Buffer, at: number): boolean {
  let here = skipSpace(tail, at)
  while (tail[here] === COMMA) {
    here = skipSpace(tail, skipValue(tail, skipKey(tail, skipSpace(tail, here + 1)), 2))
  }
  return tail[here] === CLOSE_OBJECT && skipSpace(tail, here + 1) === tail.length
}

/** What a well-formed object `[start, end)` reports, in the words of either API; undefined if it has none of them. */
export function parseUsage(bytes: Uint8Array, start: number, end: number): ReportedUsage | undefined {
  const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString())
  if (typeof value !== 'object' || value === null) return undefined
  const prompt = countOf(value, 'prompt_tokens') ?? countOf(value, 'input_tokens')
  const completion = countOf(value, 'completion_tokens') ?? countOf(value, 'output_tokens')
  if (prompt !== undefined || completion !== undefined) {
    return { promptTokens: prompt ?? 0, completionTokens: completion ?? 0 }
  }
  // Rerankers report a total alone, and generate nothing.
  const total = countOf(value, 'total_tokens')
  return total === undefined ? undefined : { promptTokens: total, completionTokens: 0 }
}

function countOf(usage: object, name: string): number | undefined {
  const value: unknown = Reflect.get(usage, name)
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
