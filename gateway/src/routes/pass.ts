import { describeForLog } from '../errors.ts'
import { deliver, type RelayOutcome } from '../relay/deliver.ts'
import type { OpenedAnswer } from '../relay/open-answer.ts'
import type { TokenUsage } from '../records/call-record.ts'
import { estimatePromptTokens } from '../scan/estimate.ts'
import type { AttemptResult } from '../upstreams/endpoint.ts'
import { answerHeaders } from './attempt-headers.ts'
import type { Admitted, Attempt } from './attempts.ts'

/** Passes an answer on to the client and notes what it took. From here on nothing can be repeated. */
export async function pass(request: Admitted, attempt: Attempt, opened: OpenedAnswer): Promise<void> {
  const { call, route, scanned } = request
  const { exchange, record, services, snapshot } = call
  const { endpoint, candidate } = attempt
  const isStream = opened.kind === 'events'
  record.firstByteMs = performance.now() - record.startedMs
  const offer = { exchange, bytes: request.bytes, scanned, chosenUpstream: endpoint.upstream }
  if (services.shadow.offer(offer)) record.shadowed = true
  if (isStream) {
    services.instruments.streamOpened()
    services.instruments.firstToken(candidate.label, endpoint.upstream, record.firstByteMs)
  }
  let result: AttemptResult = { kind: 'neutral' }
  try {
    const outcome = await deliver(opened, {
      exchange,
      upstream: endpoint.upstream,
      headers: answerHeaders(request),
      stripUsage:
        isStream && route.takesStreamOptions && endpoint.settings.streamUsage && scanned.usageSplice !== undefined,
      errorForm: route.errorForm,
      heartbeatMs: snapshot.config.server.heartbeatMs,
      idleMs: (endpoint.settings.timeouts ?? snapshot.config.timeouts).idleMs,
      ...(isStream && { onToken: tokenClock(request, candidate.label) }),
    })
    result = { kind: RESULTS[outcome.kind] }
    noteOutcome(request, candidate.label, outcome, isStream)
  } finally {
    if (isStream) services.instruments.streamClosed()
    attempt.end(result)
  }
}

const RESULTS = { complete: 'success', 'client-gone': 'neutral', cut: 'failure' } as const

/** Measures the time between the pieces of a stream. */
function tokenClock({ call: { services } }: Admitted, model: string): (nowMs: number) => void {
  let last: number | undefined
  return (nowMs) => {
    if (last !== undefined) services.instruments.interToken(model, nowMs - last)
    last = nowMs
  }
}

function noteOutcome(
  { call: { record, services }, bytes }: Admitted,
  model: string,
  outcome: RelayOutcome,
  isStream: boolean,
): void {
  const usage = usageOf(bytes, outcome)
  if (usage !== undefined) {
    record.usage = usage
    services.instruments.tokensUsed(model, usage)
  }
  if (outcome.kind === 'cut') {
    if (isStream) services.instruments.streamBroke('mid')
    record.error = describeForLog(outcome.error)
    record.errorCode = outcome.error.code
  }
}

/** As the upstream reported it; of a stream that does not say, the pieces that were delivered are counted. */
function usageOf(bytes: Uint8Array, { usage, deltas }: RelayOutcome): TokenUsage | undefined {
  if (usage !== undefined) return { ...usage, source: 'upstream' }
  if (deltas === 0) return undefined
  return { promptTokens: estimatePromptTokens(bytes), completionTokens: deltas, source: 'counted' }
}
