import { describeForLog } from '../errors.ts'
import { UpstreamError } from '../client/upstream-client.ts'
import { respondKept } from '../relay/deliver.ts'
import { openAnswer, type OpenedAnswer } from '../relay/open-answer.ts'
import type { Arm, Candidate, Plan } from '../routing/candidate.ts'
import { chooseArm } from '../routing/choose-arm.ts'
import { renderBody } from '../scan/render-body.ts'
import type { ScannedBody } from '../scan/scan-body.ts'
import { backoffMs } from '../upstreams/backoff.ts'
import type { AttemptResult, Endpoint } from '../upstreams/endpoint.ts'
import { selectable } from '../upstreams/selectable.ts'
import { answerHeaders, requestHeaders } from './attempt-headers.ts'
import type { AuthenticatedCall } from './call.ts'
import {
  failureOf,
  failureOfAnswer,
  failureToAcquire,
  isWorthRetrying,
  movesOnFor,
  resultOf,
  type Failure,
} from './failure.ts'
import type { InferenceRoute } from './inference.ts'
import { movedArm } from './moved.ts'
import { pass } from './pass.ts'
import { waitForClient } from './wait.ts'

/** A request that may be served: its caller is known, its limits allow it, and there are places for it. */
export interface Admitted {
  readonly call: AuthenticatedCall
  readonly route: InferenceRoute
  readonly plan: Plan
  /** The body as it came: every attempt starts from it. */
  readonly bytes: Buffer
  readonly scanned: ScannedBody
  /** `x-ratelimit-*` of the answer. */
  readonly limitHeaders: Readonly<Record<string, string>>
}

/** An attempt under way. */
export interface Attempt {
  readonly candidate: Candidate
  readonly arm: Arm
  readonly endpoint: Endpoint
  /** Tells the endpoint and the metrics how it ended; once. */
  readonly end: (result: AttemptResult) => void
}

/**
 * Answers a request from the first candidate of its plan that can: within a candidate attempts are repeated on another
 * endpoint, as far as the retry budget goes; between candidates the plan's causes decide. Only what has sent nothing
 * to the client yet is ever repeated.
 *
 * @throws GatewayError what the last attempt came to, when nothing was sent
 */
export async function serve(request: Admitted): Promise<void> {
  const { plan } = request
  let failure: Failure | undefined
  for (const candidate of plan.candidates) {
    if (failure !== undefined && !movesOnFor(plan.fallbackOn, failure.cause)) break
    failure = await serveCandidate(request, candidate, failure)
    if (failure === undefined) return
  }
  if (failure !== undefined) await giveUp(request, failure)
}

/** The attempts on one candidate; undefined once the request has its answer, else what the last attempt came to. */
async function serveCandidate(
  request: Admitted,
  candidate: Candidate,
  before: Failure | undefined,
): Promise<Failure | undefined> {
  const { call } = request
  const { retryBudget, instruments } = call.services
  const { retries } = call.snapshot.config
  let arm = chooseArm(candidate, call.caller)
  retryBudget.note()
  let failure = before
  try {
    for (let attempt = 1; ; attempt++) {
      const last = failure
      failure = await attemptOnce(request, candidate, arm, last)
      if (failure === undefined || failure === last || !isWorthRetrying(failure)) return failure
      if (attempt >= retries.maxAttempts) return failure
      const moved =
        failure.cause === 'connect' ? await movedArm(call, request.scanned.model.value, candidate, arm) : undefined
      arm = moved ?? arm
      if (!hasEndpointToTry(arm) || !retryBudget.take()) return failure
      instruments.retried(failure.cause)
      // Another endpoint need not be waited for.
      if (arm.endpoints.length === 1 && moved === undefined) {
        await waitForClient(call.exchange, backoffMs(attempt, retries, Math.random))
      }
    }
  } catch (error) {
    // The client left while it waited for the next attempt.
    failure?.opened?.discard()
    throw error
  }
}

/** Where a pause or an open breaker leaves nobody to try, that costs neither budget nor time. */
function hasEndpointToTry({ endpoints }: Arm): boolean {
  return selectable(endpoints).length > 0 || endpoints.some((endpoint) => endpoint.refusal() === 'full')
}

/** One call to one endpoint. Where there is none to call, what failed before stands: an upstream's own words say more. */
async function attemptOnce(
  request: Admitted,
  candidate: Candidate,
  arm: Arm,
  before: Failure | undefined,
): Promise<Failure | undefined> {
  const { call } = request
  let endpoint: Endpoint
  try {
    const acquired = call.services.admission.acquire(arm, {
      exchange: call.exchange,
      avoid: before?.endpoint,
      affinityKey: affinityKeyOf(call, arm),
    })
    endpoint = acquired instanceof Promise ? await acquired : acquired
  } catch (error) {
    const failure = failureToAcquire(error)
    return before ?? failure
  }
  before?.opened?.discard()
  const attempt: Attempt = { candidate, arm, endpoint, end: beginAttempt(request, candidate, endpoint) }
  return tryEndpoint(request, attempt)
}

async function tryEndpoint(request: Admitted, attempt: Attempt): Promise<Failure | undefined> {
  const { endpoint } = attempt
  let opened: OpenedAnswer
  try {
    opened = await open(request, attempt)
  } catch (error) {
    attempt.end({ kind: error instanceof UpstreamError ? 'failure' : 'neutral' })
    return failureOf(error, endpoint)
  }
  request.call.record.admitted = true
  const failure = failureOfAnswer(opened, endpoint)
  if (failure === undefined) await pass(request, attempt, opened)
  else attempt.end(resultOf(opened))
  if (opened.failedEarly) request.call.services.instruments.streamBroke('early')
  return failure
}

function open({ call, route, bytes, scanned }: Admitted, { arm, endpoint }: Attempt): Promise<OpenedAnswer> {
  const { exchange, snapshot } = call
  const injectUsage = route.takesStreamOptions && endpoint.settings.streamUsage
  return openAnswer({
    endpoint,
    request: {
      method: 'POST',
      path: exchange.path,
      headers: requestHeaders(call, endpoint),
      body: renderBody(bytes, scanned, { model: arm.model, injectUsage }),
    },
    exchange,
    timeouts: endpoint.settings.timeouts ?? snapshot.config.timeouts,
    isStream: scanned.stream,
    now,
  })
}

function now(): number {
  return performance.now()
}

function beginAttempt({ call, plan }: Admitted, candidate: Candidate, endpoint: Endpoint): Attempt['end'] {
  const { record, services } = call
  if (candidate !== plan.candidates[0]) noteFallback(call, plan, candidate)
  record.attempts++
  record.upstream = endpoint.upstream
  record.modelLabel = candidate.label
  const startedMs = now()
  return (result) => {
    endpoint.end(result)
    services.instruments.attemptEnded(endpoint.upstream, ENDINGS[result.kind], now() - startedMs)
  }
}

const ENDINGS = { success: 'success', failure: 'error', cooldown: 'error', neutral: 'aborted' } as const

function noteFallback({ record, services }: AuthenticatedCall, plan: Plan, candidate: Candidate): void {
  if (record.fallbackModel === candidate.model) return
  record.fallbackModel = candidate.model
  services.instruments.fellBack(plan.candidates[0]?.label ?? 'other', candidate.label)
}

/** The session that a client says its request belongs to, told apart from the sessions of other callers. */
function affinityKeyOf({ exchange, caller }: AuthenticatedCall, { settings: { balance } }: Arm): string | undefined {
  if (balance.policy !== 'sessionAffinity') return undefined
  for (const name of balance.affinityHeaders) {
    const value = exchange.headers[name]
    if (typeof value === 'string') return `${caller.id} ${value.slice(0, 256)}`
  }
  return undefined
}

/** Passes the last refusal on as its upstream wrote it; where there is none, the gateway answers in its own name. */
async function giveUp(request: Admitted, { opened, error }: Failure): Promise<void> {
  const { call } = request
  const kept = await opened?.readWholeError(call.snapshot.config.timeouts.idleMs)
  if (kept === undefined) throw error
  call.record.error = describeForLog(error)
  call.record.errorCode = error.code
  respondKept(call.exchange, kept, answerHeaders(request))
}
