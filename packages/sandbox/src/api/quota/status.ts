import type { Cluster } from '../cluster.ts'
import type { ApiObject } from '../object.ts'
import { fieldAt, isRecord } from '../objects/fields.ts'
import { formatAmount } from './amounts.ts'
import { kindCountedBy, QUOTAS, usedOf } from './admission.ts'

/**
 * Keeps the status of every quota true until the returned function is called: what is allowed and what is used. Changes are
 * counted once the request that made them is answered, many of them together.
 */
export function startQuotaStatus(cluster: Cluster): () => void {
  const { store } = cluster
  const listening = new Map<string, () => void>()
  const due = new Set<string>()

  function count(namespace: string): void {
    if (due.size === 0) setImmediate(countDue)
    due.add(namespace)
  }

  function countDue(): void {
    const namespaces = [...due]
    due.clear()
    if (listening.size === 0) return
    try {
      for (const namespace of namespaces) for (const quota of store.list(QUOTAS, namespace)) writeStatus(cluster, quota)
    } catch (error) {
      cluster.onFault(error)
    }
  }

  /** Kinds that no quota counts are not looked at. */
  function follow(quota: ApiObject): void {
    const hard = fieldAt(quota, 'spec', 'hard')
    for (const kind of Object.keys(isRecord(hard) ? hard : {}).map(kindCountedBy)) {
      if (kind === QUOTAS || listening.has(kind)) continue
      listening.set(
        kind,
        store.subscribe(kind, ({ object }) => count(object.metadata.namespace ?? '')),
      )
    }
    count(quota.metadata.namespace ?? '')
  }

  listening.set(
    QUOTAS,
    store.subscribe(QUOTAS, ({ object }) => follow(object)),
  )
  for (const quota of store.list(QUOTAS)) follow(quota)
  return () => {
    for (const stop of listening.values()) stop()
    listening.clear()
  }
}

function writeStatus({ store }: Cluster, quota: ApiObject): void {
  const hard = fieldAt(quota, 'spec', 'hard')
  const limits = isRecord(hard) ? hard : {}
  const used = Object.fromEntries(
    [...usedOf(store, quota)]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, amount]) => [name, formatAmount(name, amount)]),
  )
  const before = JSON.stringify([fieldAt(quota, 'status', 'hard'), fieldAt(quota, 'status', 'used')])
  if (before === JSON.stringify([limits, used])) return
  store.put(QUOTAS, { ...quota, status: { hard: { ...limits }, used } })
}
