import { isDeepStrictEqual } from 'node:util'
import type { Cluster } from '../cluster.ts'
import type { ApiObject } from '../object.ts'
import { fieldAt, isRecord, listAt, stringAt } from '../objects/fields.ts'
import { afterChanges } from '../store/after-changes.ts'
import type { ObjectStore } from '../store/store.ts'
import { CLUSTER_ROLES } from './binding-index.ts'

/**
 * Writes into every ClusterRole with an `aggregationRule` the rules of the ClusterRoles that it selects, now and after
 * each change of a ClusterRole. On a real cluster this is a controller's work; here roles are whole before anybody asks.
 */
export function keepAggregated({ store, onFault }: Pick<Cluster, 'store' | 'onFault'>): void {
  aggregate(store)
  const plan = afterChanges(onFault)
  let isPlanned = false
  store.subscribe(CLUSTER_ROLES, () => {
    if (isPlanned) return
    isPlanned = true
    plan(() => {
      isPlanned = false
      aggregate(store)
    })
  })
}

/** A role that was completed may be selected by another: again, until nothing is missing. */
function aggregate(store: ObjectStore): void {
  // As often as there are roles: two that select each other could go on forever.
  for (let rounds = store.list(CLUSTER_ROLES).length; rounds > 0 && completeRoles(store); rounds--);
}

/** Whether any role changed. */
function completeRoles(store: ObjectStore): boolean {
  const { version } = store
  for (const role of store.list(CLUSTER_ROLES).filter((one) => gathers(one))) {
    const rules = aggregatedRules(role, store.list(CLUSTER_ROLES))
    if (!isDeepStrictEqual(rules, role['rules'] ?? null)) store.put(CLUSTER_ROLES, { ...role, rules })
  }
  return store.version > version
}

function gathers(role: ApiObject): boolean {
  return selectorsOf(role).length > 0 && role.metadata.deletionTimestamp === undefined
}

function selectorsOf(role: ApiObject): unknown[] {
  return listAt(role, 'aggregationRule', 'clusterRoleSelectors')
}

/** The rules that a role gathers, each once, in the order of the roles' names; null where there are none. */
function aggregatedRules(role: ApiObject, roles: readonly ApiObject[]): unknown[] | null {
  const selected = selectorsOf(role).flatMap((selector) => {
    return roles.filter((one) => one.metadata.name !== role.metadata.name && selects(selector, one))
  })
  const rules = selected.flatMap((one) => listAt(one, 'rules'))
  const distinct = rules.filter((rule, index) => rules.findIndex((one) => isDeepStrictEqual(one, rule)) === index)
  return distinct.length === 0 ? null : distinct
}

function selects(selector: unknown, { metadata: { labels = {} } }: ApiObject): boolean {
  const wanted = fieldAt(selector, 'matchLabels')
  const equal = Object.entries(isRecord(wanted) ? wanted : {}).every(([key, value]) => labels[key] === value)
  return equal && listAt(selector, 'matchExpressions').every((expression) => fulfils(labels, expression))
}

function fulfils(labels: Readonly<Record<string, string>>, expression: unknown): boolean {
  const value = labels[stringAt(expression, 'key') ?? '']
  const isListed = value !== undefined && listAt(expression, 'values').includes(value)
  switch (stringAt(expression, 'operator') ?? '') {
    case 'In':
      return isListed
    case 'NotIn':
      return !isListed
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}
