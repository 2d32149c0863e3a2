import type { UpstreamSettings } from '../config/schema/upstreams.ts'
import type { AttemptResult } from './endpoint.ts'

/** `closed` lets every call through, `open` none, `half_open` one probe. */
export type BreakerState = 'closed' | 'open' | 'half_open'

/** What a call did to the breaker that was not so before. */
export type BreakerChange = 'opened' | 'half_opened' | 'closed'

/**
 * The circuit breaker of one endpoint: failures in a row open it; after `openMs` one call may probe, and its result
 * closes it or opens it anew. A pause that the endpoint asks for and a client that leaves say nothing of its health, so
 * a probe that ends that way is given back.
 *
 * Ends carry no name, so calls that began before the breaker opened can end while a probe is out. A success or failure
 * of theirs is as good a sign as the probe's. A neutral end is counted for them first, as otherwise each of them could
 * let another probe out; should it have been the probe's after all, that one is given back after `openMs`.
 */
export class CircuitBreaker {
  settings: UpstreamSettings['breaker']
  readonly #now: () => number
  #failures = 0
  /** When it opened; undefined while it is closed. */
  #openedMs: number | undefined
  /** When the probe that is out began. */
  #probeMs: number | undefined
  /** Calls in flight that began before that probe. */
  #older = 0

  /** @param now monotonic milliseconds */
  constructor(settings: UpstreamSettings['breaker'], now: () => number) {
    this.settings = settings
    this.#now = now
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures
  }

  get state(): BreakerState {
    if (this.#openedMs === undefined) return 'closed'
    return this.#now() - this.#openedMs < this.settings.openMs ? 'open' : 'half_open'
  }

  /** Milliseconds since it opened; undefined while it is closed. */
  get openedForMs(): number | undefined {
    return this.#openedMs === undefined ? undefined : this.#now() - this.#openedMs
  }

  /** Milliseconds until a probe may go, if no result comes before; 0 if it or any call may go now. */
  restMs(): number {
    const sinceMs = this.#probeMs ?? this.#openedMs
    return sinceMs === undefined ? 0 : Math.max(0, sinceMs + this.settings.openMs - this.#now())
  }

  /** A call may go now. */
  admits(): boolean {
    return this.#openedMs === undefined || this.restMs() === 0
  }

  /**
   * Notes that a call begins.
   *
   * @param inFlight how many others are under way
   */
  begin(inFlight: number): BreakerChange | undefined {
    if (this.#openedMs === undefined || !this.admits()) return undefined
    this.#probeMs = this.#now()
    this.#older = inFlight
    return 'half_opened'
  }

  /** Notes how a call ended. */
  end(kind: AttemptResult['kind']): BreakerChange | undefined {
    if (this.#openedMs === undefined) return this.#endClosed(kind)
    if (this.#probeMs === undefined) return undefined // it began before the breaker opened
    if (kind === 'success') return this.#close()
    if (kind === 'failure') return this.#open()
    if (this.#older > 0) this.#older -= 1
    else this.#probeMs = undefined
    return undefined
  }

  #endClosed(kind: AttemptResult['kind']): BreakerChange | undefined {
    if (kind === 'success') this.#failures = 0
    if (kind !== 'failure') return undefined
    this.#failures += 1
    return this.#failures >= this.settings.consecutive ? this.#open() : undefined
  }

  #open(): BreakerChange {
    this.#openedMs = this.#now()
    this.#probeMs = undefined
    this.#failures = Math.max(this.#failures, this.settings.consecutive)
    return 'opened'
  }

  #close(): BreakerChange {
    this.#openedMs = undefined
    this.#probeMs = undefined
    this.#failures = 0
    return 'closed'
  }
}
