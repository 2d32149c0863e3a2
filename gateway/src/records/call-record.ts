import type { Caller } from '../auth/caller.ts'
import type { TraceContext } from './trace-context.ts'

/** Tokens of one request and how they are known. */
export interface TokenUsage {
  readonly promptTokens: number
  readonly completionTokens: number
  /** `upstream`: it said so; `counted`: pieces of a stream that were counted, prompt estimated from its size. */
  readonly source: 'upstream' | 'counted'
}

/** What is known of a call by the time it is recorded. No body, no key. Filled by whoever learns it. */
export interface CallRecord {
  /** Milliseconds of the monotonic clock. */
  readonly startedMs: number
  readonly trace: TraceContext
  /** The pattern of the route table, or `other`. */
  route: string
  caller?: Caller
  /** As the client wrote it: for the log, never a label. */
  model?: string
  /** Of the candidate that answered: for labels. */
  modelLabel?: string
  stream?: boolean
  /** The upstream that answered, or was asked last. */
  upstream?: string
  /** Calls to upstreams so far. */
  attempts: number
  /** An upstream took the request on: it may have cost something. */
  admitted: boolean
  /** The model that answered, where it is not the one asked for. */
  fallbackModel?: string
  firstByteMs?: number
  usage?: TokenUsage
  /** What went wrong, in the log's words; and its code. */
  error?: string
  errorCode?: string
  shadowed?: boolean
}
