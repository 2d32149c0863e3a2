import type { Endpoint } from '../../upstreams/endpoint.ts'
import { firstOf, type Balancer } from './balancer.ts'

/**
 * Picks whichever has waited longest for its turn: taking turns that goes on undisturbed when endpoints come, go or are
 * unavailable for a while.
 */
export function createRoundRobin(): Balancer {
  const turns = new WeakMap<Endpoint, number>()
  let turn = 0
  return {
    pick: (endpoints) => {
      let picked = firstOf(endpoints)
      let earliest = Infinity
      for (const endpoint of endpoints) {
        const last = turns.get(endpoint) ?? 0
        if (last >= earliest) continue
        picked = endpoint
        earliest = last
      }
      turns.set(picked, ++turn)
      return picked
    },
  }
}
