import type { Cluster } from './cluster.ts'
import type { ApiObject } from './object.ts'
import { stringAt } from './objects/fields.ts'

/** kube-apiserver's `--event-ttl`. */
const TTL_MS = 60 * 60_000
const SWEEP_INTERVAL_MS = 60_000

/** When an event last happened, in milliseconds since 1970. */
function lastSeen(event: ApiObject): number {
  const times = [
    stringAt(event, 'series', 'lastObservedTime'),
    stringAt(event, 'lastTimestamp'),
    stringAt(event, 'eventTime'),
    event.metadata.creationTimestamp,
  ]
  return Math.max(...times.map((time) => Date.parse(time ?? '') || 0))
}

/** Removes the events that last happened more than an hour ago. */
export function dropOldEvents({ store, clock }: Cluster): void {
  const limit = clock().getTime() - TTL_MS
  for (const event of store.list('events')) if (lastSeen(event) < limit) store.remove('events', event)
}

/** Drops old events every minute until the returned function is called. */
export function startEventExpiry(cluster: Cluster): () => void {
  const sweep = (): void => {
    try {
      dropOldEvents(cluster)
    } catch (error) {
      // A full disk, say. Nobody asked for this write, so nobody is told; the next sweep tries again.
      cluster.onFault(error)
    }
  }
  const timer = setInterval(sweep, SWEEP_INTERVAL_MS)
  return () => clearInterval(timer)
}
