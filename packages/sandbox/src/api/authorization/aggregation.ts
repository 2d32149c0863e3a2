import { isDeepStrictEqual } from 'node:util'
import type { Cluster } from '../cluster.ts'
import type { ApiObject } from '../object.ts'
import { listAt } from '../objects/fields.ts'
import { matchesLabelSelector } from '../objects/label-selector.ts'
import { afterChanges } from '../store/after-changes.ts'
import { CLUSTER_ROLES } from './binding-index.ts'

type Listening = Pick<Cluster, 'store' | 'onFault'>

/**
 * Writes into every ClusterRole with an `aggregationRule` the rules of the ClusterRoles that it selects, now and after
 * each change of a ClusterRole. On a real cluster this is a controller's work; here roles are whole before anybody asks.
 */
export function keepAggregated({ store, onFault }: Listening): void {
  aggregate({ store, onFault })
  const plan = afterChanges(onFault)
  let isPlanned = false
  store.subscribe(CLUSTER_ROLES, () => {
    if (isPlanned) return
    isPlanned = true
    plan(() => {
      isPlanned = false
      aggregate({ store, onFault })
    })
  })
}

/** A role that was completed may be selected by another: again, until nothing is missing. */
function aggregate(listening: Listening): void {
  // As often as there are roles: two that select each other could go on forever.
  for (let rounds = listening.store.list(CLUSTER_ROLES).length; rounds > 0 && completeRoles(listening); rounds--);
}

/** Whether any role changed. */
function completeRoles({ store, onFault }: Listening): boolean {
  const { version } = store
  for (const role of store.list(CLUSTER_ROLES).filter((one) => gathers(one))) {
    const rules = aggregatedRules(role, store.list(CLUSTER_ROLES))
    try {
      if (!isDeepStrictEqual(rules, role['rules'] ?? null)) store.put(CLUSTER_ROLES, { ...role, rules })
    } catch (error) {
      // Too large, say: a role that cannot be stored must keep neither the others nor the server from what they do.
      onFault(error)
    }
  }
  return store.version > version
}

function gathers(role: ApiObject): boolean {
  return gathersRules(role) && role.metadata.deletionTimestamp === undefined
}

/** Whether a ClusterRole has the rules of others. */
export function gathersRules(role: ApiObject): boolean {
  return selectorsOf(role).length > 0
}

function selectorsOf(role: ApiObject): unknown[] {
  return listAt(role, 'aggregationRule', 'clusterRoleSelectors')
}

/** In one order, because rules name them in any. */
const FIELDS_OF_RULES = ['apiGroups', 'nonResourceURLs', 'resourceNames', 'resources', 'verbs']

/** The rules that a role gathers, each once, in the order of the roles' names; null where there are none. */
function aggregatedRules(role: ApiObject, roles: readonly ApiObject[]): unknown[] | null {
  const selected = selectorsOf(role).flatMap((selector) => {
    return roles.filter(
      (one) => one.metadata.name !== role.metadata.name && matchesLabelSelector(selector, one.metadata.labels),
    )
  })
  const rules = selected.flatMap((one) => listAt(one, 'rules'))
  // Told apart by their texts: to compare all with all would take minutes where a role is long.
  const distinct = new Map(rules.map((rule) => [JSON.stringify(rule, FIELDS_OF_RULES), rule]))
  return distinct.size === 0 ? null : [...distinct.values()]
}
