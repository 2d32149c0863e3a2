import type { Logger } from 'pino'
import type { Caller, Keyring } from '../auth/keyring.ts'
import type { GatewayConfig } from '../config/schema.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { UpstreamClient } from '../relay/upstream-client.ts'
import type { RoundRobin } from '../routing/round-robin.ts'
import type { RoutingSnapshot } from '../routing/snapshot.ts'

/** What every call shares. */
export interface Services {
  readonly config: GatewayConfig
  readonly keyring: Keyring
  readonly metrics: Metrics
  readonly log: Logger
  readonly roundRobin: RoundRobin
  /** The routing state now; a call takes it once and keeps it. */
  readonly routing: () => RoutingSnapshot
  readonly clientFor: (url: string) => UpstreamClient
  /** When this gateway started, in seconds since 1970. */
  readonly startedAt: number
}

/** What is known of a call by the time it is logged. No body, no key. */
export interface CallRecord {
  /** Milliseconds of the monotonic clock. */
  readonly startedMs: number
  route: string
  keyId?: string
  model?: string
  stream?: boolean
  upstream?: string
  firstByteMs?: number
  /** What went wrong, in the log's words. */
  error?: string
}

/** One request on its way through the gateway. */
export interface Call {
  readonly exchange: Exchange
  readonly services: Services
  readonly record: CallRecord
}

/** A call whose key is known. */
export interface AuthenticatedCall extends Call {
  readonly caller: Caller
}
