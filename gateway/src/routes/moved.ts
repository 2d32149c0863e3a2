import type { Caller } from '../auth/caller.ts'
import { GatewayError } from '../errors.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Arm, Candidate } from '../routing/candidate.ts'
import { chooseArm } from '../routing/choose-arm.ts'
import { planRoute } from '../routing/plan.ts'
import type { RoutingSnapshot } from '../routing/snapshot.ts'
import { waitForClient } from './wait.ts'

/** How long the news that servers were replaced may take, and how often it is looked for, in milliseconds. */
const NEWS_MS = 500
const LOOK_MS = 20

/** The call whose server cannot be reached. */
export interface Stranded {
  readonly services: { readonly snapshot: () => { readonly routing: RoutingSnapshot } }
  readonly snapshot: { readonly routing: RoutingSnapshot }
  readonly exchange: Pick<Exchange, 'whenClientGone'>
  readonly caller: Caller
}

/**
 * Where a candidate is served now, if its only server cannot be reached. A server that discovery found may just have been
 * replaced, and the news of it be on its way: that is waited for, since nothing was asked of anybody yet.
 *
 * @param model the name that was asked for
 * @returns undefined when nothing has changed in time, or its servers are fixed
 * @throws GatewayError `client_closed_request`
 */
export async function movedArm(
  { services, snapshot, exchange, caller }: Stranded,
  model: string,
  candidate: Candidate,
  arm: Arm,
): Promise<Arm | undefined> {
  if (!isDiscovered(arm, snapshot.routing)) return undefined
  for (let waitedMs = 0; waitedMs < NEWS_MS; waitedMs += LOOK_MS) {
    const now = armIn(services.snapshot().routing, model, candidate, caller)
    if (now?.endpoints.some((endpoint) => !arm.endpoints.includes(endpoint)) === true) return now
    await waitForClient(exchange, LOOK_MS)
  }
  return undefined
}

/** The same candidate in a later state; undefined when it is gone. */
function armIn(routing: RoutingSnapshot, model: string, candidate: Candidate, caller: Caller): Arm | undefined {
  try {
    const same = planRoute(model, caller, routing).candidates.find((other) => other.model === candidate.model)
    return same && chooseArm(same, caller)
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}

function isDiscovered({ endpoints }: Arm, { upstreams }: RoutingSnapshot): boolean {
  const [first] = endpoints
  return first !== undefined && !upstreams.has(first.upstream)
}
