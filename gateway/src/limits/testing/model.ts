import type { EffectiveLimits } from '../../auth/caller.ts'

interface Admitted {
  readonly at: number
  tokens: number
  /** 0 once it was given back. */
  requests: number
  isInFlight: boolean
}

/** What a limiter has to do, written for reading: it keeps every request for ever and counts anew each time. */
export class LimitsModel {
  readonly #limits: EffectiveLimits
  readonly #windowMs: number
  readonly #admitted: Admitted[] = []

  constructor(limits: EffectiveLimits, windowMs: number) {
    this.#limits = limits
    this.#windowMs = windowMs
  }

  /** What is left of requests and tokens afterwards, or undefined for a refusal. */
  reserve(at: number, tokens: number): { requests: number; tokens: number } | undefined {
    const { requestsPerWindow, tokensPerMinute, concurrency } = this.#limits
    const left = this.#left(at)
    const inFlight = this.#admitted.filter((one) => one.isInFlight).length
    if (requestsPerWindow !== null && left.requests < 1) return undefined
    if (tokensPerMinute !== null && (left.tokens < tokens || tokensPerMinute === 0)) return undefined
    if (concurrency !== null && inFlight >= concurrency) return undefined
    this.#admitted.push({ at, tokens, requests: 1, isInFlight: true })
    return this.#left(at)
  }

  /** Settles the `index`-th request that was admitted. */
  settle(index: number, tokens: number | undefined, wasServed: boolean): void {
    const one = this.#admitted[index]
    if (one === undefined || !one.isInFlight) return
    one.isInFlight = false
    if (!wasServed) one.requests = 0
    if (!wasServed || tokens !== undefined) one.tokens = wasServed ? (tokens ?? 0) : 0
  }

  #left(at: number): { requests: number; tokens: number } {
    const requests = sum(this.#window(at, this.#windowMs).map((one) => one.requests))
    const tokens = sum(this.#window(at, 60_000).map((one) => one.tokens))
    return {
      requests: Math.max(0, (this.#limits.requestsPerWindow ?? 0) - requests),
      tokens: Math.max(0, (this.#limits.tokensPerMinute ?? 0) - tokens),
    }
  }

  /** The requests of the window that runs at a time: each window begins with the first request after the one before. */
  #window(at: number, lengthMs: number): Admitted[] {
    let window: Admitted[] = []
    for (const one of this.#admitted) {
      const [first] = window
      if (first === undefined || one.at >= first.at + lengthMs) window = [one]
      else window.push(one)
    }
    const [first] = window
    return first === undefined || at >= first.at + lengthMs ? [] : window
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}
