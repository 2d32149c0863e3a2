import type { Logger } from 'pino'
import type { Authenticator, Caller } from '../auth/caller.ts'
import type { GatewayConfig } from '../config/schema.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Limiter } from '../limits/limiter.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { CallRecord } from '../records/call-record.ts'
import type { Instruments } from '../records/instruments.ts'
import type { Recorder } from '../records/recorder.ts'
import type { Shadow } from '../records/shadow.ts'
import type { UsageSink } from '../records/usage-record.ts'
import type { RoutingSnapshot } from '../routing/snapshot.ts'
import type { Admission } from '../upstreams/admission.ts'
import type { EndpointRegistry } from '../upstreams/registry.ts'
import type { RetryBudget } from '../upstreams/retry-budget.ts'
import type { SingleFlight } from './single-flight.ts'

/** What a call decides on. Replaced as a whole, so that a call sees one state from its first byte to its last. */
export interface Snapshot {
  readonly config: GatewayConfig
  readonly routing: RoutingSnapshot
  readonly authenticator: Authenticator
  readonly limiter: Limiter
}

/** What every call shares. */
export interface Services {
  /** The state now; a call takes it once and keeps it. */
  readonly snapshot: () => Snapshot
  readonly registry: EndpointRegistry
  readonly admission: Admission
  readonly retryBudget: RetryBudget
  readonly singleFlight: SingleFlight
  readonly shadow: Shadow
  readonly recorder: Recorder
  readonly usage: UsageSink
  readonly instruments: Instruments
  readonly metrics: Metrics
  readonly log: Logger
  /** What counts the limits now. */
  readonly limitsBackend: () => 'memory' | 'redis' | 'local'
  /** It takes calls and is not about to stop. */
  readonly isReady: () => boolean
  /** Reads the configuration again. */
  readonly reload: () => void
  /** When this gateway started, in seconds since 1970. */
  readonly startedAt: number
}

/** One request on its way through the gateway. */
export interface Call {
  readonly exchange: Exchange
  readonly services: Services
  readonly snapshot: Snapshot
  readonly record: CallRecord
}

/** A call whose caller is known. */
export interface AuthenticatedCall extends Call {
  readonly caller: Caller
}
