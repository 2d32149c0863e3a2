import type { Call } from '../cluster.ts'
import { forbidden } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { fieldAt } from '../objects/fields.ts'
import type { ObjectStore } from '../store/store.ts'
import { amountsIn, formatAmount, sumOf } from './amounts.ts'
import type { Amounts } from './amounts.ts'
import { isInScope, unspecified, usageOf } from './usage.ts'

export const QUOTAS = 'resourcequotas'

/**
 * Refuses a new object, or a change of one, that takes more than a quota of its namespace leaves. Unlike kube-apiserver,
 * which trusts the quota's status, this counts what is there: no two requests can both take the last piece.
 */
export function checkQuotas(call: Call, object: ApiObject, existing?: ApiObject): void {
  const { cluster, resource, path } = call
  const { storageKey } = resource
  if (!resource.namespaced || path.subresource !== '') return
  for (const quota of cluster.store.list(QUOTAS, path.namespace)) {
    if (!isInScope(quota, storageKey, object)) continue
    const { name } = quota.metadata
    const silent = storageKey === 'pods' && !existing ? unspecified(quota, object) : []
    if (silent.length > 0) throw forbidden(resource, object.metadata.name, `failed quota: ${name}: ${demand(silent)}`)
    const before = existing ? usageOf(storageKey, existing) : new Map<string, bigint>()
    const requested = increase(before, usageOf(storageKey, object), quota)
    if (requested.size === 0) continue
    const excess = exceeded(quota, requested, usedOf(cluster.store, quota))
    if (excess !== undefined) throw forbidden(resource, object.metadata.name, `exceeded quota: ${name}, ${excess}`)
  }
}

/** What the quota limits and the object takes more of than before. */
function increase(before: Amounts, after: Amounts, quota: ApiObject): Map<string, bigint> {
  const hard = amountsIn(fieldAt(quota, 'spec', 'hard'))
  const more = [...after].flatMap(([name, amount]): [string, bigint][] => {
    const delta = amount - (before.get(name) ?? 0n)
    return delta > 0n && hard.has(name) ? [[name, delta]] : []
  })
  return new Map(more)
}

function demand(silent: readonly [string, string[]][]): string {
  const each = silent.map(([resource, containers]) => `${resource} for: ${containers.join(',')}`)
  return `must specify ${each.join('; ')}`
}

function exceeded(quota: ApiObject, requested: Amounts, used: Amounts): string | undefined {
  const hard = amountsIn(fieldAt(quota, 'spec', 'hard'))
  const over = [...requested.keys()]
    .filter((name) => (used.get(name) ?? 0n) + (requested.get(name) ?? 0n) > (hard.get(name) ?? 0n))
    .sort()
  if (over.length === 0) return undefined
  const shown = (amounts: Amounts) =>
    over.map((name) => `${name}=${formatAmount(name, amounts.get(name) ?? 0n)}`).join(',')
  return `requested: ${shown(requested)}, used: ${shown(used)}, limited: ${shown(hard)}`
}

/** What is used now of everything that a quota limits. */
export function usedOf(store: ObjectStore, quota: ApiObject): Amounts {
  const { namespace = '' } = quota.metadata
  const limited = [...amountsIn(fieldAt(quota, 'spec', 'hard')).keys()]
  const keys = new Set(limited.map(kindCountedBy))
  const all = [...keys].flatMap((key) =>
    store
      .list(key, namespace)
      .filter((object) => isInScope(quota, key, object))
      .map((object) => usageOf(key, object)),
  )
  const used = sumOf(all)
  return new Map(limited.map((name) => [name, used.get(name) ?? 0n]))
}

/** Which objects an amount is counted of: `count/deployments.apps` of Deployments, `requests.cpu` of pods. */
export function kindCountedBy(name: string): string {
  if (name.startsWith('count/')) return name.slice('count/'.length)
  if (name === 'requests.storage' || name.includes('.storageclass.storage.k8s.io/')) return 'persistentvolumeclaims'
  if (name.startsWith('services')) return 'services'
  return COUNTED_BY_NAME.includes(name) ? name : 'pods'
}

const COUNTED_BY_NAME = ['configmaps', 'persistentvolumeclaims', 'resourcequotas', 'secrets', 'replicationcontrollers']
