import { UpstreamError } from '../client/upstream-client.ts'
import type { FallbackCause } from '../config/schema.ts'
import { GatewayError } from '../errors.ts'
import type { OpenedAnswer } from '../relay/open-answer.ts'
import { upstreamRefusal } from '../relay/upstream-refusal.ts'
import type { AttemptResult, Endpoint } from '../upstreams/endpoint.ts'

/** Why an attempt came to nothing, before a byte of an answer was sent. */
export interface Failure {
  readonly cause: FallbackCause
  /** What the client is told, unless there is an answer to pass on. */
  readonly error: GatewayError
  /** The upstream's own refusal, which the client sees if nothing better comes. */
  readonly opened?: OpenedAnswer
  /** Where it happened; undefined if there was no endpoint to try. */
  readonly endpoint?: Endpoint
}

const STATUS_CAUSES = new Map<number, FallbackCause>([
  [429, '429'],
  [500, '500'],
  [502, '502'],
  [503, '503'],
  [504, '504'],
])

/** A gateway that stops has no other endpoint to try: 500 is not repeated. */
const KIND_CAUSES = { unreachable: 'connect', broken: '502', timeout: 'timeout', stopped: '500' } as const

/** A failure that is over in a moment, or on another endpoint: 500 is the request's own fault too often. */
const WORTH_RETRYING: ReadonlySet<FallbackCause> = new Set(['connect', '429', '502', '503', '504'])

/** The pause that an upstream gets that asks for none in particular. Its endpoint bounds what it may ask for. */
const UNSTATED_COOLDOWN_MS = 1_000

/** Whether a chain that moves on for `causes` moves on for this one. */
export function movesOnFor(causes: ReadonlySet<FallbackCause>, cause: FallbackCause): boolean {
  return causes.has(cause) || (cause.startsWith('5') && causes.has('5xx'))
}

export function isWorthRetrying({ cause, endpoint }: Failure): boolean {
  return endpoint !== undefined && WORTH_RETRYING.has(cause)
}

/** Whatever an attempt threw, as a failure of its endpoint. What is none is thrown on: the client left, or a bug. */
export function failureOf(thrown: unknown, endpoint: Endpoint): Failure {
  if (!(thrown instanceof UpstreamError)) throw thrown
  return { cause: KIND_CAUSES[thrown.kind], endpoint, error: upstreamRefusal(thrown, endpoint.upstream) }
}

/** There was no endpoint to try: all are out of order, or too many requests wait for them. */
export function failureToAcquire(thrown: unknown): Failure {
  const isFallbackCause =
    thrown instanceof GatewayError && (thrown.code === 'no_healthy_upstream' || thrown.code === 'overloaded')
  if (!isFallbackCause) throw thrown
  return { cause: thrown.code === 'overloaded' ? '503' : 'connect', error: thrown }
}

/** A refusal that may be over elsewhere; undefined for an answer that is passed on as it is, be it good or a 4xx. */
export function failureOfAnswer(opened: OpenedAnswer, endpoint: Endpoint): Failure | undefined {
  const { status } = opened
  const cause = opened.failedEarly ? '502' : (STATUS_CAUSES.get(status) ?? (status >= 500 ? '5xx' : undefined))
  if (cause === undefined) return undefined
  const message = `The upstream ${endpoint.upstream} refused the request.`
  return { cause, opened, endpoint, error: new GatewayError('upstream_error', message) }
}

/** What an answer that was not passed on says of its endpoint. */
export function resultOf({ status, failedEarly, retryAfterMs }: OpenedAnswer): AttemptResult {
  if (status === 429 || (status === 503 && retryAfterMs !== undefined)) {
    return { kind: 'cooldown', ms: retryAfterMs ?? UNSTATED_COOLDOWN_MS }
  }
  return { kind: failedEarly || status >= 500 ? 'failure' : 'success' }
}
