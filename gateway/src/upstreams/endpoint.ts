import type { UpstreamSettings } from '../config/schema/upstreams.ts'
import type { UpstreamClient } from '../client/upstream-client.ts'

/** How an attempt ended, as far as the endpoint is to blame. */
export type AttemptResult =
  /** It answered; any 4xx other than 429 too. */
  | { readonly kind: 'success' }
  /** It broke off, timed out, could not be reached or answered 5xx. */
  | { readonly kind: 'failure' }
  /** It asked for a pause: 429, or 503 with `retry-after`. */
  | { readonly kind: 'cooldown'; readonly ms: number }
  /** The client left: nothing is known of the endpoint. */
  | { readonly kind: 'neutral' }

/** What a server says of its own load. */
export interface ServerLoad {
  readonly running: number
  readonly waiting: number
  /** Monotonic milliseconds at which it was read. */
  readonly atMs: number
}

/**
 * Why an endpoint takes no call, its health aside: it is gone for good (`removed`), its breaker is `open` or waits for
 * its probe (`probing`), it asked for a pause (`cooldown`), it is `full`, or only requests that chose by an earlier
 * configuration know it still (`draining`).
 */
export type Refusal = 'removed' | 'open' | 'probing' | 'cooldown' | 'full' | 'draining'

/** One server address that takes calls. Lives as long as anything routes to it, over all reloads. */
export interface Endpoint {
  /** A static upstream's name, or `<project>/<deployment>`: the label of metrics and logs. */
  readonly upstream: string
  /** Everything before `/v1/…`, without a trailing slash. */
  readonly url: string
  readonly settings: UpstreamSettings
  readonly client: UpstreamClient
  /** Calls under way. */
  readonly inFlight: number
  /** As its metrics said last; undefined, if they were not asked or do not say. */
  readonly load: ServerLoad | undefined
  /** What its active health checks say; true until they have said otherwise. */
  readonly isHealthy: boolean
  /** What, besides its health, keeps it from taking a call now. Has no side effect. */
  refusal(): Refusal | undefined
  /** Milliseconds until the breaker or a cool-down lets a call through, whatever else happens; 0 if neither is in the way. */
  restMs(): number
  /** It may be chosen now: health, breaker, cool-down and the limit of calls in flight all allow it. Has no side effect. */
  isAvailable(): boolean
  /** Takes a call on; the one probe of a half-open breaker is taken here. Every begin has exactly one end. */
  begin(): void
  end(result: AttemptResult): void
}
