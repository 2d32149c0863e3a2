import type { UpstreamClient } from '../client/upstream-client.ts'
import type { UpstreamSettings } from '../config/schema/upstreams.ts'
import { CircuitBreaker, type BreakerChange, type BreakerState } from './breaker.ts'
import type { AttemptResult, Endpoint, Refusal, ServerLoad } from './endpoint.ts'

/** No server's wish for a pause is followed for longer than this. */
const LONGEST_COOLDOWN_MS = 60_000

/** What can happen to an endpoint besides calls. */
export type EndpointChange = BreakerChange | 'healthy' | 'unhealthy' | 'removed'

/** Who hears of an endpoint. */
export interface EndpointListener {
  /** Its state is another one now. */
  changed(endpoint: LiveEndpoint, change: EndpointChange): void
  /** It may take calls that it did not take before, or no longer take those that wait for it. */
  freed(endpoint: LiveEndpoint): void
}

/** What an endpoint is made of. */
export interface LiveEndpointOptions {
  readonly upstream: string
  readonly url: string
  readonly settings: UpstreamSettings
  readonly client: UpstreamClient
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly listener: EndpointListener
}

/** An endpoint with its breaker, its cool-down and its count of calls. */
export class LiveEndpoint implements Endpoint {
  readonly upstream: string
  readonly url: string
  readonly client: UpstreamClient
  inFlight = 0
  isHealthy = true
  load: ServerLoad | undefined
  #settings: UpstreamSettings
  #isRemoved = false
  #isClosed = false
  #coolUntilMs = 0
  readonly #breaker: CircuitBreaker
  readonly #now: () => number
  readonly #listener: EndpointListener

  constructor({ upstream, url, settings, client, now, listener }: LiveEndpointOptions) {
    this.upstream = upstream
    this.url = url
    this.client = client
    this.#settings = settings
    this.#breaker = new CircuitBreaker(settings.breaker, now)
    this.#now = now
    this.#listener = listener
  }

  get settings(): UpstreamSettings {
    return this.#settings
  }

  get breakerState(): BreakerState {
    return this.#breaker.state
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#breaker.failures
  }

  /** Milliseconds since its breaker opened; undefined while that is closed. */
  get openedForMs(): number | undefined {
    return this.#breaker.openedForMs
  }

  get isRemoved(): boolean {
    return this.#isRemoved
  }

  isAvailable(): boolean {
    return this.isHealthy && this.refusal() === undefined
  }

  refusal(): Refusal | undefined {
    if (this.#isClosed) return 'removed'
    if (!this.#breaker.admits()) return this.#breaker.state === 'open' ? 'open' : 'probing'
    if (this.#coolDownMs() > 0) return 'cooldown'
    const { maxInFlight } = this.#settings.queue
    if (maxInFlight > 0 && this.inFlight >= maxInFlight) return 'full'
    return this.#isRemoved ? 'draining' : undefined
  }

  restMs(): number {
    return Math.max(this.#breaker.restMs(), this.#coolDownMs())
  }

  begin(): void {
    const change = this.#breaker.begin(this.inFlight)
    this.inFlight += 1
    if (change !== undefined) this.#listener.changed(this, change)
  }

  end(result: AttemptResult): void {
    this.inFlight -= 1
    if (result.kind === 'cooldown') this.#coolDown(result.ms)
    const change = this.#breaker.end(result.kind)
    if (change !== undefined) this.#listener.changed(this, change)
    this.#listener.freed(this)
  }

  /** Takes over what its active health checks found. */
  setHealthy(isHealthy: boolean): void {
    if (isHealthy === this.isHealthy) return
    this.isHealthy = isHealthy
    this.#listener.changed(this, isHealthy ? 'healthy' : 'unhealthy')
    this.#listener.freed(this)
  }

  /** Takes calls by these settings from now on, also if it was removed before. */
  configure(settings: UpstreamSettings): void {
    this.#isRemoved = false
    this.#settings = settings
    this.#breaker.settings = settings.breaker
    this.#listener.freed(this)
  }

  /** Takes no more calls but those of requests that know nothing else; those under way go on. */
  remove(): void {
    if (this.#isRemoved) return
    this.#isRemoved = true
    this.#listener.changed(this, 'removed')
    this.#listener.freed(this)
  }

  /** Breaks off the calls under way and takes none any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.client.close()
  }

  #coolDownMs(): number {
    return this.#coolUntilMs === 0 ? 0 : Math.max(0, this.#coolUntilMs - this.#now())
  }

  #coolDown(ms: number): void {
    this.#coolUntilMs = Math.max(this.#coolUntilMs, this.#now() + Math.min(ms, LONGEST_COOLDOWN_MS))
  }
}
