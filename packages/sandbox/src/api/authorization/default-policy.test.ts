import { expect, test } from 'vitest'
import type { ApiObject } from '../object.ts'
import { listAt } from '../objects/fields.ts'
import { ObjectStore } from '../store/store.ts'
import { keepAggregated } from './aggregation.ts'
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES } from './binding-index.ts'
import { restoreDefaultPolicy } from './default-policy.ts'

const NOW = '2026-01-01T00:00:00Z'
/** Nothing may go wrong here. */
function onFault(error: unknown): never {
  throw error
}

const VIEW_LABEL = { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' }

function withDefaults(): ObjectStore {
  const store = new ObjectStore(':memory:')
  restoreDefaultPolicy(store, NOW)
  return store
}

function role(store: ObjectStore, name: string): ApiObject {
  const found = store.get(CLUSTER_ROLES, '', name)
  if (!found) throw new Error(`no ClusterRole ${name}`)
  return found
}

test('a role that lost a rule gets it back and keeps what it got', () => {
  const store = withDefaults()
  const extra = { apiGroups: ['example.com'], resources: ['llamas'], verbs: ['get'] }
  const complete = listAt(role(store, 'system:basic-user'), 'rules')
  store.put(CLUSTER_ROLES, { ...role(store, 'system:basic-user'), rules: [complete[0], extra] })
  restoreDefaultPolicy(store, NOW)
  expect(role(store, 'system:basic-user')['rules']).toEqual([complete[0], extra, complete[1]])
  store.close()
})

test('a role that nobody may update is left as it is', () => {
  const store = withDefaults()
  const basic = role(store, 'system:basic-user')
  const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' }
  const kept = store.put(CLUSTER_ROLES, { ...basic, metadata: { ...basic.metadata, annotations }, rules: [] })
  restoreDefaultPolicy(store, NOW)
  expect(role(store, 'system:basic-user')).toBe(kept)
  store.close()
})

test('a binding that was deleted or lost its group is made whole', () => {
  const store = withDefaults()
  const [first, second] = ['system:discovery', 'cluster-admin'].map((name) =>
    store.get(CLUSTER_ROLE_BINDINGS, '', name),
  )
  if (!first || !second) throw new Error('no such binding')
  store.remove(CLUSTER_ROLE_BINDINGS, first)
  store.put(CLUSTER_ROLE_BINDINGS, { ...second, subjects: [] })
  restoreDefaultPolicy(store, NOW)
  expect(store.get(CLUSTER_ROLE_BINDINGS, '', 'system:discovery')?.['subjects']).toEqual(first['subjects'])
  expect(store.get(CLUSTER_ROLE_BINDINGS, '', 'cluster-admin')?.['subjects']).toEqual(second['subjects'])
  store.close()
})

test('a start that finds everything in place writes nothing', () => {
  const store = withDefaults()
  keepAggregated({ store, onFault })
  const { version } = store
  restoreDefaultPolicy(store, NOW)
  keepAggregated({ store, onFault })
  expect(store.version).toBe(version)
  store.close()
})

test('a role gathers the rules of those it selects, also of those that come and go later', async () => {
  const store = withDefaults()
  keepAggregated({ store, onFault })
  const before = listAt(role(store, 'admin'), 'rules')
  expect(before).toEqual(expect.arrayContaining(listAt(role(store, 'system:aggregate-to-view'), 'rules')))
  const rule = { apiGroups: ['serving.kserve.io'], resources: ['inferenceservices'], verbs: ['get'] }
  const metadata = { name: 'kserve-view', labels: VIEW_LABEL }
  const added = store.put(CLUSTER_ROLES, { ...role(store, 'view'), metadata, aggregationRule: null, rules: [rule] })
  await new Promise(setImmediate)
  for (const name of ['view', 'edit', 'admin']) expect(role(store, name)['rules']).toContainEqual(rule)
  store.remove(CLUSTER_ROLES, added)
  await new Promise(setImmediate)
  for (const name of ['view', 'edit', 'admin']) expect(role(store, name)['rules']).not.toContainEqual(rule)
  expect(role(store, 'admin')['rules']).toEqual(before)
  store.close()
})

test('a role that gathers by expressions selects by them', async () => {
  const store = withDefaults()
  const expression = { key: 'rbac.authorization.k8s.io/aggregate-to-view', operator: 'Exists' }
  const aggregationRule = { clusterRoleSelectors: [{ matchExpressions: [expression] }] }
  store.put(CLUSTER_ROLES, { ...role(store, 'view'), metadata: { name: 'mine' }, rules: null, aggregationRule })
  keepAggregated({ store, onFault })
  expect(role(store, 'mine')['rules']).toEqual(role(store, 'system:aggregate-to-view')['rules'])
  store.close()
})

test('of rules that say the same one is gathered, also among thousands', () => {
  const store = withDefaults()
  const rules = Array.from({ length: 10_000 }, (_, index) => ({
    apiGroups: [''],
    resources: [`r${index}`],
    verbs: ['get'],
  }))
  const again = rules.map(({ apiGroups, resources, verbs }) => ({ verbs, resources, apiGroups }))
  const metadata = { name: 'long', labels: { mine: 'true' } }
  store.put(CLUSTER_ROLES, { ...role(store, 'system:basic-user'), metadata, rules: [...rules, ...again] })
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { mine: 'true' } }] }
  store.put(CLUSTER_ROLES, { ...role(store, 'view'), metadata: { name: 'all' }, rules: null, aggregationRule })
  keepAggregated({ store, onFault })
  expect(role(store, 'all')['rules']).toEqual(rules)
  store.close()
})

test('a role that would be too large leaves the others as whole as they can be', () => {
  const store = withDefaults()
  const names = Array.from({ length: 60_000 }, (_, index) => `a-name-that-is-long-${index}`)
  for (const half of [names.slice(30_000), names.slice(0, 30_000)]) {
    const rules = [{ apiGroups: [''], resources: ['configmaps'], resourceNames: half, verbs: ['get'] }]
    const metadata = { name: `half-${half[0]}`, labels: VIEW_LABEL }
    store.put(CLUSTER_ROLES, { ...role(store, 'system:basic-user'), metadata, rules })
  }
  const faults: unknown[] = []
  keepAggregated({ store, onFault: (error) => faults.push(error) })
  expect(faults).toContainEqual(expect.objectContaining({ message: 'etcdserver: request is too large' }))
  expect(role(store, 'view')['rules']).toBeNull()
  expect(role(store, 'admin')['rules']).toEqual(
    expect.arrayContaining(listAt(role(store, 'system:aggregate-to-admin'), 'rules')),
  )
  store.close()
})
