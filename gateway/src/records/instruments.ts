import type { FallbackCause } from '../config/schema.ts'
import type { TokenUsage } from './call-record.ts'

/** How a call to an upstream ended. */
export type UpstreamResult = 'success' | 'error' | 'aborted'

/**
 * What the hot path counts, in the words of the hot path. Model and upstream names are configured or discovered, never
 * what a client wrote. Times are milliseconds.
 */
export interface Instruments {
  attemptEnded(upstream: string, result: UpstreamResult, ms: number): void
  retried(reason: FallbackCause): void
  fellBack(from: string, to: string): void
  /** `early`: before a byte was sent to the client; `mid`: after. */
  streamBroke(phase: 'early' | 'mid'): void
  streamOpened(): void
  streamClosed(): void
  firstToken(model: string, upstream: string, ms: number): void
  interToken(model: string, ms: number): void
  tokensUsed(model: string, usage: TokenUsage): void
}
