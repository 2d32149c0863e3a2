import type { Caller, EffectiveLimits } from '../auth/caller.ts'
import type { Limiter, Reservation } from './limiter.ts'
import { findRefusal, refusalError, type FullStanding, type LimitKind } from './refusal.ts'
import { HeldReservation, UNLIMITED, wholeTokens, type Ledger } from './reservation.ts'
import { UsageTable, type Usage } from './usage.ts'
import { resetMsOf, usedIn, Window } from './window.ts'

/** Tokens are limited per minute, whatever the window of requests is. */
export const TOKEN_WINDOW_MS = 60_000

export interface MemoryLimiterOptions {
  readonly windowMs: number
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly onRefused?: ((kind: LimitKind) => void) | undefined
}

/**
 * Counts in this process. Each caller has fixed windows of its own, one for requests and one for tokens; a window opens
 * with the first request that it admits and admits exactly the limit until it ends. Around the end of a window up to twice
 * the limit can pass in less than a window's length. Callers with nothing running are forgotten.
 */
export class MemoryLimiter implements Limiter {
  readonly #options: MemoryLimiterOptions
  readonly usages: UsageTable

  constructor(options: MemoryLimiterOptions, usages: UsageTable = new UsageTable()) {
    this.#options = options
    this.usages = usages
  }

  /** @throws GatewayError `rate_limit_exceeded` */
  reserve(caller: Caller, tokens: number): Reservation {
    return isUnlimited(caller.limits) ? UNLIMITED : this.hold(caller.id, caller.limits, tokens)
  }

  /**
   * As {@link reserve}, of limits that need not be the caller's own.
   *
   * @throws GatewayError `rate_limit_exceeded`
   */
  hold(id: string, limits: EffectiveLimits, tokens: number, ledger?: Ledger): HeldReservation {
    const { now, windowMs } = this.#options
    const at = now()
    const wanted = wholeTokens(tokens)
    const usage = this.#admit(id, limits, wanted, at)
    take(usage, limits, wanted, windowMs, at)
    return new HeldReservation(limits, usage, wanted, standingOf(limits, usage, windowMs, at), ledger)
  }

  async close(): Promise<void> {
    // Nothing is held beside memory.
  }

  /** The usage to add to. A caller that is refused leaves no trace. */
  #admit(id: string, limits: EffectiveLimits, tokens: number, at: number): Usage {
    const { windowMs } = this.#options
    const standing = standingOf(limits, this.usages.peek(id), windowMs, at)
    const refusal = findRefusal(limits, standing, tokens)
    if (refusal === undefined) return this.usages.of(id, at)
    this.#options.onRefused?.(refusal)
    throw refusalError(refusal, { limits, standing, tokens, windowMs })
  }
}

/** Whether nothing of a caller need be counted. */
export function isUnlimited(limits: EffectiveLimits): boolean {
  return limits.requestsPerWindow === null && limits.tokensPerMinute === null && limits.concurrency === null
}

function standingOf(limits: EffectiveLimits, usage: Usage | undefined, windowMs: number, at: number): FullStanding {
  return {
    requestsLeft: Math.max(0, (limits.requestsPerWindow ?? 0) - usedIn(usage?.requests, at)),
    requestsResetMs: resetMsOf(usage?.requests, windowMs, at),
    tokensLeft: Math.max(0, (limits.tokensPerMinute ?? 0) - usedIn(usage?.tokens, at)),
    tokensResetMs: resetMsOf(usage?.tokens, TOKEN_WINDOW_MS, at),
    inFlight: usage?.inFlight ?? 0,
  }
}

/** Takes one request and `tokens`, opening the windows that are not running. */
function take(usage: Usage, limits: EffectiveLimits, tokens: number, windowMs: number, at: number): void {
  usage.inFlight += 1
  if (limits.requestsPerWindow !== null) {
    if (usage.requests === undefined || at >= usage.requests.endsAt) usage.requests = new Window(at + windowMs)
    usage.requests.used += 1
  }
  if (limits.tokensPerMinute !== null) {
    if (usage.tokens === undefined || at >= usage.tokens.endsAt) usage.tokens = new Window(at + TOKEN_WINDOW_MS)
    usage.tokens.used += tokens
  }
}
