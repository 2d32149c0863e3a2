import type { EffectiveLimits } from '../auth/caller.ts'
import type { Reservation } from './limiter.ts'
import { rateHeaders, type Standing } from './rate-headers.ts'
import type { Usage } from './usage.ts'
import type { Window } from './window.ts'

/** What a caller without any limit holds: nothing. */
export const UNLIMITED: Reservation = { headers: {}, settle: () => undefined }

/**
 * What one admitted request holds: a place among the requests in flight, one request of a window and an estimate of
 * tokens in another. Created with everything already taken.
 */
export class HeldReservation implements Reservation, Standing {
  readonly requestsLeft: number
  readonly requestsResetMs: number
  readonly tokensLeft: number
  readonly tokensResetMs: number
  protected readonly usage: Usage
  protected readonly requestWindow: Window | undefined
  protected readonly tokenWindow: Window | undefined
  protected readonly reservedTokens: number
  readonly #limits: EffectiveLimits
  #isSettled = false

  constructor(limits: EffectiveLimits, usage: Usage, reservedTokens: number, standing: Standing) {
    this.#limits = limits
    this.usage = usage
    this.requestWindow = limits.requestsPerWindow === null ? undefined : usage.requests
    this.tokenWindow = limits.tokensPerMinute === null ? undefined : usage.tokens
    this.reservedTokens = reservedTokens
    this.requestsLeft = standing.requestsLeft
    this.requestsResetMs = standing.requestsResetMs
    this.tokensLeft = standing.tokensLeft
    this.tokensResetMs = standing.tokensResetMs
  }

  get headers(): Record<string, string> {
    return rateHeaders(this.#limits, this)
  }

  settle(tokens: number | undefined, admitted = true): void {
    if (this.#isSettled) return
    this.#isSettled = true
    const used = admitted ? (tokens === undefined ? this.reservedTokens : wholeTokens(tokens)) : 0
    this.correct(admitted ? 0 : -1, used - this.reservedTokens)
  }

  /** Gives the place back and adds to what the windows count. */
  protected correct(requests: number, tokens: number): void {
    this.usage.inFlight -= 1
    if (this.requestWindow !== undefined) this.requestWindow.used += requests
    if (this.tokenWindow !== undefined) this.tokenWindow.used += tokens
  }
}

/** A count of tokens that can be added up, whatever an upstream reported. */
export function wholeTokens(tokens: number): number {
  return Number.isFinite(tokens) && tokens > 0 ? Math.ceil(tokens) : 0
}
