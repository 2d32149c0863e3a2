import type { Endpoint, ServerLoad } from '../../upstreams/endpoint.ts'
import { firstOf, type Balancer } from './balancer.ts'

/** What a server said last. */
interface Report {
  readonly load: ServerLoad
  /** Our calls in flight when it was first used: it counts them too. */
  readonly ours: number
}

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
  const reports = new WeakMap<Endpoint, Report>()
  const othersOf = (endpoint: Endpoint, load: ServerLoad): number => {
    let report = reports.get(endpoint)
    if (report?.load !== load) {
      report = { load, ours: endpoint.inFlight }
      reports.set(endpoint, report)
    }
    return Math.max(0, load.running + load.waiting - report.ours)
  }
  const workOf = (endpoint: Endpoint, nowMs: number): number => {
    const { load, inFlight, settings } = endpoint
    if (load === undefined || nowMs - load.atMs > settings.balance.scrape.staleMs) return inFlight
    return inFlight + othersOf(endpoint, load)
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
