import type { Endpoint, ServerLoad } from '../../upstreams/endpoint.ts'
import { firstOf, type Balancer } from './balancer.ts'

/** What least-loaded depends on. */
export interface LeastLoadedOptions {
  /** Monotonic milliseconds, of the clock that `ServerLoad.atMs` is from. */
  readonly now?: () => number
  readonly random?: () => number
}

/**
 * Picks the server with the least to do: our calls in flight, and what it said it runs and queues for others. A server
 * that has not said so lately is judged by our calls alone.
 */
export function createLeastLoaded({
  now = () => performance.now(),
  random = Math.random,
}: LeastLoadedOptions = {}): Balancer {
  /** Our calls in flight when a report was first used: it counts them too. */
  const ours = new WeakMap<ServerLoad, number>()
  const othersOf = (load: ServerLoad, inFlight: number): number => {
    const counted = ours.get(load) ?? inFlight
    if (counted === inFlight) ours.set(load, counted)
    return Math.max(0, load.running + load.waiting - counted)
  }
  const workOf = (endpoint: Endpoint, nowMs: number): number => {
    const { load, inFlight, settings } = endpoint
    if (load === undefined || nowMs - load.atMs > settings.balance.scrape.staleMs) return inFlight
    return inFlight + othersOf(load, inFlight)
  }
  return {
    pick: (endpoints) => {
      const nowMs = now()
      let picked = firstOf(endpoints)
      let least = Infinity
      let equals = 0
      for (const endpoint of endpoints) {
        const work = workOf(endpoint, nowMs)
        if (work > least) continue
        equals = work < least ? 1 : equals + 1
        // Each of several equals is as likely as the others.
        if (equals === 1 || random() * equals < 1) picked = endpoint
        least = work
      }
      return picked
    },
  }
}
