import type { EffectiveLimits } from '../auth/caller.ts'
import { GatewayError } from '../errors.ts'
import { rateHeaders, type Standing } from './rate-headers.ts'

/** The kinds of limits a caller can have. */
export type LimitKind = 'requests' | 'tokens' | 'concurrency'

/** Where a caller stands, with its requests in flight. */
export interface FullStanding extends Standing {
  readonly inFlight: number
}

/** When somebody else's request may have ended: nobody knows, so a second is as good as anything. */
const CONCURRENCY_RETRY_MS = 1000

/** Which limit refuses a request. Of several the one that lasts longest: an earlier retry would be in vain. */
export function findRefusal(limits: EffectiveLimits, standing: FullStanding, tokens: number): LimitKind | undefined {
  const { requestsPerWindow, tokensPerMinute, concurrency } = limits
  const lacksRequests = requestsPerWindow !== null && standing.requestsLeft < 1
  const lacksTokens = tokensPerMinute !== null && (standing.tokensLeft < tokens || tokensPerMinute === 0)
  if (lacksRequests && lacksTokens) return standing.requestsResetMs < standing.tokensResetMs ? 'tokens' : 'requests'
  if (lacksRequests) return 'requests'
  if (lacksTokens) return 'tokens'
  return concurrency !== null && standing.inFlight >= concurrency ? 'concurrency' : undefined
}

/** A request that a limit refuses. */
export interface Refused {
  readonly limits: EffectiveLimits
  readonly standing: FullStanding
  /** What it asked for. */
  readonly tokens: number
  /** How long a window of requests is. */
  readonly windowMs: number
}

/** The answer to a refused request: 429 with `retry-after`, `retry-after-ms` and `x-ratelimit-*`. */
export function refusalError(kind: LimitKind, refused: Refused): GatewayError {
  const { limits, standing, tokens } = refused
  const isHopeless = limitOf(kind, limits) < (kind === 'tokens' ? Math.max(tokens, 1) : 1)
  const retryMs = retryMsOf(kind, standing)
  return new GatewayError('rate_limit_exceeded', messageFor(kind, refused, retryMs, isHopeless), {
    headers: {
      ...rateHeaders(limits, standing),
      'retry-after': String(Math.ceil(retryMs / 1000)),
      'retry-after-ms': String(retryMs),
      // The official clients retry a 429 unless they are told that it is in vain.
      ...(isHopeless && { 'x-should-retry': 'false' }),
    },
  })
}

function limitOf(kind: LimitKind, limits: EffectiveLimits): number {
  switch (kind) {
    case 'requests':
      return limits.requestsPerWindow ?? Infinity
    case 'tokens':
      return limits.tokensPerMinute ?? Infinity
    case 'concurrency':
      return limits.concurrency ?? Infinity
    default:
      return kind satisfies never
  }
}

function retryMsOf(kind: LimitKind, standing: FullStanding): number {
  if (kind === 'concurrency') return CONCURRENCY_RETRY_MS
  return Math.max(1, Math.ceil(kind === 'requests' ? standing.requestsResetMs : standing.tokensResetMs))
}

function messageFor(
  kind: LimitKind,
  { limits, tokens, windowMs }: Refused,
  retryMs: number,
  isHopeless: boolean,
): string {
  const limit = limitOf(kind, limits)
  if (limit === 0)
    return `Rate limit exceeded: the limit of this key's ${kind} is 0. Ask the platform admin for another.`
  if (isHopeless) {
    return `Rate limit exceeded: the request may take ${tokens} tokens, the limit is ${limit} per minute. Ask for fewer tokens.`
  }
  const again = `Retry in ${Math.ceil(retryMs / 1000)} seconds.`
  switch (kind) {
    case 'requests':
      return `Rate limit exceeded: the limit is ${limit} ${requestsOf(limit)} per ${windowMs / 1000} s. ${again}`
    case 'tokens':
      return `Rate limit exceeded: the limit is ${limit} tokens per minute, the request may take ${tokens}. ${again}`
    case 'concurrency':
      return `Rate limit exceeded: the limit is ${limit} ${requestsOf(limit)} at a time.`
    default:
      return kind satisfies never
  }
}

function requestsOf(count: number): string {
  return count === 1 ? 'request' : 'requests'
}
