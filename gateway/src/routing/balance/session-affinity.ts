import type { Endpoint } from '../../upstreams/endpoint.ts'
import { hashOf, toUnit } from '../hash.ts'
import { firstOf, type Balancer } from './balancer.ts'

/** How much more than its even share of the calls in flight an endpoint may have before its sessions go elsewhere. */
const HEADROOM = 1.25

/**
 * Keeps a session on one endpoint, the same on every replica, so that its prefix stays cached there: rendezvous hashing.
 * When the endpoint leaves, its sessions spread over the others and no other session moves. No endpoint gets more than
 * 1.25 times its share of the calls in flight (Mirrokni, Thorup and Zadimoghaddam, 2018): a session beyond it goes to its
 * next best endpoint for the moment.
 */
export function createSessionAffinity(withoutKey: Balancer): Balancer {
  return {
    pick: (endpoints, affinityKey) => {
      if (affinityKey === undefined || endpoints.length === 1) return withoutKey.pick(endpoints, affinityKey)
      const bound = boundOf(endpoints)
      const seed = hashOf(affinityKey)
      let picked = firstOf(endpoints)
      let best = -1
      for (const endpoint of endpoints) {
        if (endpoint.inFlight >= bound) continue
        const score = toUnit(hashOf(endpoint.url, seed))
        if (score <= best) continue
        picked = endpoint
        best = score
      }
      return picked
    },
  }
}

/** Calls that an endpoint may have when the present one is placed; at least one endpoint always has fewer. */
function boundOf(endpoints: readonly Endpoint[]): number {
  let inFlight = 1
  for (const endpoint of endpoints) inFlight += endpoint.inFlight
  return Math.ceil((inFlight / endpoints.length) * HEADROOM)
}
