import type { EffectiveLimits } from '../auth/caller.ts'

/** Where a caller stands with the limits it has, after the request in question. */
export interface Standing {
  /** What is left in the window; without meaning where there is no limit. */
  readonly requestsLeft: number
  /** Milliseconds until the whole limit is there again. */
  readonly requestsResetMs: number
  readonly tokensLeft: number
  readonly tokensResetMs: number
}

/**
 * `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` as OpenAI's API writes them, and the older
 * `x-ratelimit-remaining` and `x-ratelimit-reset` (seconds) of requests. Limits that a caller does not have are left out.
 */
export function rateHeaders(limits: EffectiveLimits, standing: Standing): Record<string, string> {
  const headers: Record<string, string> = {}
  if (limits.requestsPerWindow !== null) {
    const left = String(standing.requestsLeft)
    headers['x-ratelimit-limit-requests'] = String(limits.requestsPerWindow)
    headers['x-ratelimit-remaining-requests'] = left
    headers['x-ratelimit-reset-requests'] = renderDuration(standing.requestsResetMs)
    headers['x-ratelimit-remaining'] = left
    headers['x-ratelimit-reset'] = String(Math.ceil(standing.requestsResetMs / 1000))
  }
  if (limits.tokensPerMinute !== null) {
    headers['x-ratelimit-limit-tokens'] = String(limits.tokensPerMinute)
    headers['x-ratelimit-remaining-tokens'] = String(standing.tokensLeft)
    headers['x-ratelimit-reset-tokens'] = renderDuration(standing.tokensResetMs)
  }
  return headers
}

/** A duration as OpenAI's API writes it: `12ms`, `1s`, `6m0s`, `1h0m0s`. Rounded up: whoever waits for it has waited enough. */
export function renderDuration(ms: number): string {
  const wholeMs = Math.ceil(ms)
  if (wholeMs < 1000) return `${wholeMs}ms`
  const seconds = Math.ceil(wholeMs / 1000)
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m${seconds % 60}s`
  return `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds % 60}s`
}
