import type { Logger } from 'pino'
import type { LimitsConfig } from '../config/schema/limits.ts'
import type { Limiter } from './limiter.ts'
import { MemoryLimiter } from './memory-limiter.ts'
import type { LimitKind } from './refusal.ts'
import { SharedLimiter, type BackendState } from './shared-limiter.ts'

export type { BackendState } from './shared-limiter.ts'
export type { LimitKind } from './refusal.ts'

export interface LimiterOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly log: Pick<Logger, 'info' | 'warn'>
  /** Called at every change, and once Redis has first been reached or missed. Never without `redis` in the configuration. */
  readonly onBackendState?: ((state: BackendState) => void) | undefined
  /** Called for every request that a limit refuses. */
  readonly onRefused?: ((kind: LimitKind) => void) | undefined
}

/** The limiter of a configuration: counting in this process, or with `redis` for all replicas together. */
export function createLimiter(config: LimitsConfig, options: LimiterOptions): Limiter {
  const windowMs = config.windowSeconds * 1000
  if (config.redis !== undefined) return new SharedLimiter({ ...options, windowMs, redis: config.redis })
  return new MemoryLimiter({ windowMs, now: options.now, onRefused: options.onRefused })
}
