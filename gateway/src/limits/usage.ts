import type { Window } from './window.ts'

/** What one caller uses at the moment. */
export class Usage {
  readonly callerId: string
  /** The caller's keys in Redis; set when they are first needed. */
  sharedKeys: readonly string[] | undefined = undefined
  requests: Window | undefined = undefined
  tokens: Window | undefined = undefined
  /** Requests that were admitted and have not settled. */
  inFlight = 0

  constructor(callerId: string) {
    this.callerId = callerId
  }

  /** Whether forgetting the caller would change nothing. */
  isIdle(now: number): boolean {
    return (
      this.inFlight === 0 &&
      (this.requests === undefined || now >= this.requests.endsAt) &&
      (this.tokens === undefined || now >= this.tokens.endsAt)
    )
  }
}

/** How many callers are looked at whenever one is added: two, so that idle ones leave faster than new ones come. */
const LOOKED_AT = 2

/**
 * The usage of every caller that has a running window or a request in flight. It needs no timer: each new caller makes
 * it look at the two that were looked at longest ago, and those with nothing left to remember go.
 */
export class UsageTable {
  readonly #usages = new Map<string, Usage>()

  get size(): number {
    return this.#usages.size
  }

  /** What is known of a caller, if anything. */
  peek(caller: string): Usage | undefined {
    return this.#usages.get(caller)
  }

  /** The usage of a caller, empty for a new one. */
  of(caller: string, now: number): Usage {
    const known = this.#usages.get(caller)
    if (known !== undefined) return known
    this.#forgetIdle(now)
    const usage = new Usage(caller)
    this.#usages.set(caller, usage)
    return usage
  }

  values(): MapIterator<Usage> {
    return this.#usages.values()
  }

  #forgetIdle(now: number): void {
    let looked = 0
    for (const [caller, usage] of this.#usages) {
      this.#usages.delete(caller)
      if (!usage.isIdle(now)) this.#usages.set(caller, usage) // behind all others
      looked += 1
      if (looked === LOOKED_AT) return
    }
  }
}
