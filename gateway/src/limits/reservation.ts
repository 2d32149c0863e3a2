import type { EffectiveLimits } from '../auth/caller.ts'
import type { Reservation } from './limiter.ts'
import { rateHeaders, type Standing } from './rate-headers.ts'
import type { Usage } from './usage.ts'
import type { Window } from './window.ts'

/** What a caller without any limit holds: nothing. */
export const UNLIMITED: Reservation = { headers: {}, settle: () => undefined }

/** Who else must know what a reservation changes when it settles. */
export interface Ledger {
  /** Called once, after the reservation has corrected its own windows by `requests` and `tokens`. */
  settled(reservation: HeldReservation, requests: number, tokens: number): void
}

/**
 * What one admitted request holds: a place among the requests in flight, one request of a window and an estimate of
 * tokens in another. Created with everything already taken.
 */
export class HeldReservation implements Reservation, Standing {
  readonly requestsLeft: number
  readonly requestsResetMs: number
  readonly tokensLeft: number
  readonly tokensResetMs: number
  readonly usage: Usage
  readonly requestWindow: Window | undefined
  readonly tokenWindow: Window | undefined
  readonly #reservedTokens: number
  readonly #limits: EffectiveLimits
  readonly #ledger: Ledger | undefined
  #isSettled = false

  constructor(limits: EffectiveLimits, usage: Usage, reservedTokens: number, standing: Standing, ledger?: Ledger) {
    this.#limits = limits
    this.usage = usage
    this.requestWindow = limits.requestsPerWindow === null ? undefined : usage.requests
    this.tokenWindow = limits.tokensPerMinute === null ? undefined : usage.tokens
    this.#reservedTokens = reservedTokens
    this.#ledger = ledger
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
    const used = admitted ? (tokens === undefined ? this.#reservedTokens : wholeTokens(tokens)) : 0
    this.#correct(admitted ? 0 : -1, used - this.#reservedTokens)
  }

  /** Gives the place back and adds to what the windows count. */
  #correct(requests: number, tokens: number): void {
    this.usage.inFlight -= 1
    if (this.requestWindow !== undefined) this.requestWindow.used += requests
    if (this.tokenWindow !== undefined) this.tokenWindow.used += tokens
    this.#ledger?.settled(this, requests, tokens)
  }
}

/** A count of tokens that can be added up, whatever an upstream reported. */
export function wholeTokens(tokens: number): number {
  return Number.isFinite(tokens) && tokens > 0 ? Math.ceil(tokens) : 0
}
