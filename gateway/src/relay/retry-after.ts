import type { IncomingHttpHeaders } from 'node:http'

/**
 * How long an answer asks to wait, in milliseconds: `retry-after-ms`, or `retry-after` in seconds or as a date. Undefined
 * if it does not say so in a form that is understood.
 *
 * @param nowMs the clock that dates are compared with, in milliseconds since 1970
 */
export function readRetryAfter(headers: IncomingHttpHeaders, nowMs: number): number | undefined {
  const exact = headers['retry-after-ms']
  if (typeof exact === 'string') return waitOf(toNumber(exact))
  const after = headers['retry-after']
  if (after === undefined) return undefined
  const seconds = toNumber(after)
  return waitOf(Number.isNaN(seconds) ? Date.parse(after) - nowMs : seconds * 1000)
}

function toNumber(text: string): number {
  return /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : NaN
}

function waitOf(ms: number): number | undefined {
  return Number.isFinite(ms) ? Math.max(0, Math.round(ms)) : undefined
}
