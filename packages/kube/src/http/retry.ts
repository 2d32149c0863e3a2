import { backoffMs, sleep } from './backoff.ts'
import type { Backoff } from './backoff.ts'
import { TransportFailure } from './transport.ts'
import type { HttpAnswer, HttpRequest, Transport } from './transport.ts'

/** Attempts in all, the first included. */
const MAX_ATTEMPTS = 5
/** A server that asks for a longer wait gets no second attempt: the caller decides. */
const MAX_RETRY_AFTER_MS = 30_000

type Outcome = HttpAnswer | TransportFailure

/**
 * Sends, and sends again where that is safe: a read after a broken connection or a 429/503 with `Retry-After`, a write only
 * after a 429 with `Retry-After`, with which the server says that it did not process it. Anything else is the answer.
 */
export async function callWithRetry(transport: Transport, request: HttpRequest, backoff: Backoff): Promise<HttpAnswer> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await tryCall(transport, request)
    const delayMs = attempt < MAX_ATTEMPTS ? retryDelayMs(request.method, outcome, attempt, backoff) : undefined
    if (delayMs === undefined) {
      if (outcome instanceof TransportFailure) throw outcome
      return outcome
    }
    await sleep(delayMs, request.signal)
    request.signal?.throwIfAborted()
  }
}

async function tryCall(transport: Transport, request: HttpRequest): Promise<Outcome> {
  try {
    return await transport.call(request)
  } catch (error) {
    if (error instanceof TransportFailure) return error
    throw error
  }
}

function retryDelayMs(
  method: HttpRequest['method'],
  outcome: Outcome,
  attempt: number,
  backoff: Backoff,
): number | undefined {
  const reading = method === 'GET'
  if (outcome instanceof TransportFailure) {
    return reading && outcome.kind === 'reset' ? backoffMs(attempt, backoff) : undefined
  }
  const mayRetry = outcome.status === 429 || (reading && outcome.status === 503)
  return mayRetry ? retryAfterMs(outcome.header('retry-after')) : undefined
}

/** `Retry-After` in milliseconds; API servers send whole seconds. Undefined: absent, a date, or longer than we wait. */
function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined || !/^\d+$/.test(header)) return undefined
  const ms = Number(header) * 1000
  return ms <= MAX_RETRY_AFTER_MS ? ms : undefined
}
