import type { Endpoint } from '../upstreams/endpoint.ts'
import type { UpstreamSettings } from '../config/schema/upstreams.ts'
import type { FallbackCause } from '../config/schema.ts'

/** One place a model can be served: endpoints that are equally good, of one upstream or of deployments of one project. */
export interface Arm {
  /** Its name in policies and metrics. */
  readonly upstream: string
  readonly endpoints: readonly Endpoint[]
  readonly settings: UpstreamSettings
  /** The model name to send. */
  readonly model: string
}

/** One model of a chain: the requested one first, then its fallbacks. */
export interface Candidate {
  /** As asked for, or the fallback's. Bounded: it is configured, discovered or goes to a default upstream. */
  readonly model: string
  /** The name for metric labels: configured or discovered, else `other`. */
  readonly label: string
  readonly arms: readonly { readonly arm: Arm; readonly weight: number }[]
  readonly sticky: 'caller' | 'request'
}

/** Where a request can go. */
export interface Plan {
  readonly candidates: readonly Candidate[]
  /** What makes a request move on to the next candidate. */
  readonly fallbackOn: ReadonlySet<FallbackCause>
}
