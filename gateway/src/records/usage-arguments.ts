import { parseArgs } from 'node:util'
import { messageOf } from '../errors.ts'

/** What usage is summed up by. */
export const DIMENSIONS = ['key', 'team', 'model', 'day'] as const

export type Dimension = (typeof DIMENSIONS)[number]

const FORMATS = ['table', 'json', 'csv'] as const

/** A request for a report. */
export interface UsageRequest {
  /** Paths; `-` is standard input. */
  readonly files: readonly string[]
  readonly by: Dimension
  /** Milliseconds since 1970; records from here on, and before `untilMs`. */
  readonly sinceMs: number
  readonly untilMs: number
  readonly format: (typeof FORMATS)[number]
}

/** The arguments are not those of `usage`. */
export class UsageArgumentsError extends Error {
  override readonly name = 'UsageArgumentsError' as const
}

const MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/**
 * Reads what follows `usage` on the command line.
 *
 * @param nowMs what spans are counted back from, in milliseconds since 1970
 * @throws UsageArgumentsError
 */
export function parseUsageArguments(argv: readonly string[], nowMs: number): UsageRequest {
  const { values, positionals } = parse(argv)
  return {
    files: positionals.length === 0 ? ['-'] : positionals,
    by: oneOf(DIMENSIONS, 'by', values.by),
    sinceMs: values.since === undefined ? -Infinity : parseTime('since', values.since, nowMs),
    untilMs: values.until === undefined ? Infinity : parseTime('until', values.until, nowMs),
    format: oneOf(FORMATS, 'output', values.output),
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        by: { type: 'string', default: 'key' },
        since: { type: 'string' },
        until: { type: 'string' },
        output: { type: 'string', short: 'o', default: 'table' },
      },
    })
  } catch (error) {
    throw new UsageArgumentsError(messageOf(error), { cause: error })
  }
}

function oneOf<const T extends string>(allowed: readonly T[], name: string, value: string): T {
  const found = allowed.find((item) => item === value)
  if (found === undefined) throw new UsageArgumentsError(`--${name} must be ${allowed.join(', ')}: ${value}`)
  return found
}

function parseTime(name: string, value: string, nowMs: number): number {
  const span = /^(\d{1,9})(m|h|d)$/.exec(value)
  if (span !== null) return nowMs - Number(span[1]) * (span[2] === 'm' ? MS.m : span[2] === 'h' ? MS.h : MS.d)
  const at = /^\d{4}-\d{2}-\d{2}/.test(value) ? Date.parse(value) : NaN
  if (Number.isNaN(at)) {
    throw new UsageArgumentsError(
      `--${name} must be a date (2026-01-31), a time (2026-01-31T12:00:00Z) or a span (24h): ${value}`,
    )
  }
  return at
}
