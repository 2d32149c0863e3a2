import { GatewayError } from '../errors.ts'
import type { Arm } from '../routing/candidate.ts'

/** A queue moves as calls end; nobody knows when, and clients add their own jitter. */
const RETRY_WHEN_BUSY = { 'retry-after': '1' }

/** None of an arm's endpoints takes calls. Says when the first of them may, as far as that is known. */
export function noHealthyUpstream(arm: Arm): GatewayError {
  const retryAfter = Math.max(1, Math.ceil(msUntilNext(arm) / 1000))
  return new GatewayError('no_healthy_upstream', 'No server of this model takes calls at the moment.', {
    headers: { 'retry-after': String(retryAfter) },
  })
}

export function queueIsFull(): GatewayError {
  return new GatewayError('overloaded', 'All servers of this model are busy, and too many requests wait for them.', {
    headers: RETRY_WHEN_BUSY,
  })
}

export function waitedTooLong(): GatewayError {
  return new GatewayError('overloaded', 'All servers of this model were busy for too long.', {
    headers: RETRY_WHEN_BUSY,
  })
}

export function clientLeft(): GatewayError {
  return new GatewayError('client_closed_request', 'The client left before a server could take its request.')
}

/** How long a probe may be out until its result is worth asking for. */
const PROBE_MS = 1_000

/** Until a breaker or pause ends; where none is in the way, until the next health check. */
function msUntilNext({ endpoints, settings }: Arm): number {
  let soonestMs = Infinity
  for (const endpoint of endpoints) {
    const refusal = endpoint.refusal()
    if (refusal === 'probing') soonestMs = Math.min(soonestMs, PROBE_MS)
    if (refusal === 'open' || refusal === 'cooldown') soonestMs = Math.min(soonestMs, endpoint.restMs())
  }
  return soonestMs === Infinity ? settings.health.intervalMs : soonestMs
}
