import type { Dimension } from './usage-arguments.ts'

/** The sum over the records of one group. */
export interface UsageTotal {
  requests: number
  /** Requests whose status was 400 or more. */
  errors: number
  promptTokens: number
  completionTokens: number
  /** Requests whose tokens were counted or estimated by the gateway, not reported by the upstream. */
  counted: number
}

/** What is read of a usage record. */
export interface UsageLine {
  readonly timeMs: number
  readonly group: string
  readonly status: number
  readonly promptTokens: number
  readonly completionTokens: number
  readonly isCounted: boolean
}

/** What stands for a record that does not say. */
const NONE = '(none)'

/**
 * Reads a line of a usage file, or of the log.
 *
 * @returns `other` for a line of the log about something else, `malformed` for what is no record
 */
export function parseUsageLine(line: string, by: Dimension): UsageLine | 'other' | 'malformed' {
  const record = parseObject(line)
  if (record === undefined) return 'malformed'
  if ('event' in record ? record['event'] !== 'usage' : 'level' in record) return 'other'
  const { time, status, request_id: id } = record
  // A file has ISO 8601, the log its own milliseconds.
  const timeMs = typeof time === 'string' ? Date.parse(time) : typeof time === 'number' ? new Date(time).getTime() : NaN
  if (Number.isNaN(timeMs) || typeof status !== 'number' || typeof id !== 'string') return 'malformed'
  return {
    timeMs,
    group: groupOf(record, by, timeMs),
    status,
    promptTokens: tokensOf(record['prompt_tokens']),
    completionTokens: tokensOf(record['completion_tokens']),
    isCounted: record['source'] === 'counted',
  }
}

/** Adds a record to the total of its group. */
export function addUsage(totals: Map<string, UsageTotal>, line: UsageLine): void {
  let total = totals.get(line.group)
  if (total === undefined) {
    total = { requests: 0, errors: 0, promptTokens: 0, completionTokens: 0, counted: 0 }
    totals.set(line.group, total)
  }
  total.requests += 1
  if (line.status >= 400) total.errors += 1
  if (line.isCounted) total.counted += 1
  total.promptTokens += line.promptTokens
  total.completionTokens += line.completionTokens
}

function parseObject(line: string): Partial<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function groupOf(record: Partial<Record<string, unknown>>, by: Dimension, timeMs: number): string {
  if (by === 'day') return new Date(timeMs).toISOString().slice(0, 10)
  const value = record[by === 'key' ? 'key_id' : by]
  return typeof value === 'string' ? value : NONE
}

function tokensOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0
}
