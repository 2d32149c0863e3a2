import type { ErrorForm } from '../relay/error-event.ts'
import { planRoute } from '../routing/plan.ts'
import { estimatePromptTokens, estimateTokens } from '../scan/estimate.ts'
import { scanBody } from '../scan/scan-body.ts'
import type { Reservation } from '../limits/limiter.ts'
import { serve } from './attempts.ts'
import type { AuthenticatedCall } from './call.ts'

/** In what the inference routes differ. */
export interface InferenceRoute {
  /** A stream reports its usage only where `stream_options.include_usage` asks for it. */
  readonly takesStreamOptions: boolean
  /** How its streams say that they failed. */
  readonly errorForm: ErrorForm
}

/**
 * The answer to a request that names a model: the hot path, from the caller that is already known to the last byte. The
 * body is scanned for the few fields that decide, and forwarded as it came.
 */
export function answerInference(route: InferenceRoute): (call: AuthenticatedCall) => Promise<void> {
  return (call) => {
    const endFlight = beginFlight(call)
    const answered = infer(call, route)
    return endFlight === undefined ? answered : answered.finally(endFlight)
  }
}

async function infer(call: AuthenticatedCall, route: InferenceRoute): Promise<void> {
  const { exchange, snapshot, caller, record } = call
  // What is there already is not waited for: each turn of the microtask queue costs a hundredth of the whole call.
  const body = exchange.readBody(snapshot.config.server.maxBodyBytes)
  const bytes = body instanceof Promise ? await body : body
  const scanned = scanBody(bytes)
  record.model = scanned.model.value
  record.stream = scanned.stream
  const plan = planRoute(scanned.model.value, caller, snapshot.routing)
  const reserved = snapshot.limiter.reserve(caller, estimateTokens(scanned, bytes))
  const reservation = reserved instanceof Promise ? await reserved : reserved
  try {
    await serve({ call, route, plan, bytes, scanned, limitHeaders: reservation.headers })
  } finally {
    settle(reservation, call, bytes)
  }
}

/**
 * What no upstream ever admitted counts for nothing, and what one refused for no tokens; what was answered without a count
 * keeps its estimate. A client that leaves before it has an answer has had its prompt read all the same: if that counted
 * for nothing, leaving early would be a way around every limit.
 */
function settle(reservation: Reservation, { exchange, record }: AuthenticatedCall, bytes: Uint8Array): void {
  const { usage, admitted, attempts } = record
  const { status } = exchange.sent
  if (usage !== undefined) reservation.settle(usage.promptTokens + usage.completionTokens)
  else if (exchange.isClientGone && attempts > 0) reservation.settle(estimatePromptTokens(bytes))
  else if (!admitted) reservation.settle(0, false)
  else reservation.settle(status >= 200 && status < 400 ? undefined : 0)
}

function beginFlight({ exchange, services, caller }: AuthenticatedCall): (() => void) | undefined {
  const key = exchange.headers['idempotency-key']
  return typeof key === 'string' ? services.singleFlight.begin(caller.id, key.slice(0, 256)) : undefined
}
