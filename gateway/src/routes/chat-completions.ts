import { describeForLog, toGatewayError } from '../errors.ts'
import type { UpstreamResult } from '../metrics/metrics.ts'
import { relay, type RelayOutcome } from '../relay/relay.ts'
import { resolveTargets, type Target } from '../routing/resolve.ts'
import { scanBody, spliceModel, type ScannedBody } from '../scan/scan-body.ts'
import type { AuthenticatedCall } from './call.ts'

/** `POST /v1/chat/completions`, plain or streaming: the hot path, from the key that is already known to the last byte. */
export async function answerChatCompletions(call: AuthenticatedCall): Promise<void> {
  const { exchange, services, record } = call
  const body = await exchange.readBody(services.config.server.maxBodyBytes)
  const scanned = scanBody(body)
  record.model = scanned.model.value
  record.stream = scanned.stream
  const target = pickTarget(call, scanned)
  record.upstream = target.upstream
  await relayCounted(call, target, spliceModel(body, scanned.model, target.model))
}

function pickTarget({ caller, services }: AuthenticatedCall, { model }: ScannedBody): Target {
  const targets = resolveTargets(model.value, caller, services.routing())
  return services.roundRobin.pick(model.value, targets)
}

async function relayCounted(call: AuthenticatedCall, target: Target, body: Buffer): Promise<void> {
  const { exchange, services } = call
  const { metrics, config } = services
  const path = exchange.path
  const observeLatency = metrics.upstreamLatency.startTimer({ upstream: target.upstream })
  let result: UpstreamResult = 'error'
  try {
    const client = services.clientFor(target.url)
    const onFirstByte = (): void => noteFirstByte(call, target)
    const outcome = await relay(exchange, { target, path, body }, { client, timeouts: config.timeouts, onFirstByte })
    noteOutcome(call, outcome)
    result = resultOf(outcome, exchange.sent.status)
  } catch (error) {
    if (toGatewayError(error).code === 'client_closed_request') result = 'aborted'
    throw error
  } finally {
    observeLatency()
    metrics.upstreamRequests.inc({ upstream: target.upstream, status: result })
  }
}

function noteFirstByte({ record, services }: AuthenticatedCall, target: Target): void {
  record.firstByteMs = performance.now() - record.startedMs
  if (record.stream === true) {
    services.metrics.timeToFirstToken.observe({ upstream: target.upstream }, record.firstByteMs / 1000)
  }
}

function noteOutcome({ record }: AuthenticatedCall, outcome: RelayOutcome): void {
  if (outcome.kind === 'cut') record.error = describeForLog(outcome.error)
}

function resultOf(outcome: RelayOutcome, status: number): UpstreamResult {
  switch (outcome.kind) {
    case 'complete':
      return status < 500 ? 'success' : 'error'
    case 'client-gone':
      return 'aborted'
    case 'cut':
      return 'error'
    default:
      return outcome satisfies never
  }
}
