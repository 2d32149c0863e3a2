import { expect, test } from 'vitest'
import { ANONYMOUS } from '../authentication/user.ts'
import type { User } from '../authentication/user.ts'
import type { ApiObject } from '../object.ts'
import { ObjectStore } from '../store/store.ts'
import type { Attributes } from './attributes.ts'
import { Authorizer } from './authorizer.ts'
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES } from './binding-index.ts'

const GROUP = 'rbac.authorization.k8s.io'
const READ_PODS = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]
const BOB: User = { username: 'bob', groups: ['team', 'system:authenticated'] }

function object(kind: string, name: string, namespace: string, rest: object): ApiObject {
  const metadata = { name, ...(namespace && { namespace }) }
  return { apiVersion: `${GROUP}/v1`, kind, metadata, ...rest }
}

/** Lets `subject` read pods: in one namespace by a Role or a ClusterRole, or everywhere. */
function grant(store: ObjectStore, scope: 'role' | 'cluster-role' | 'everywhere', subject: object): ApiObject {
  const everywhere = scope === 'everywhere'
  const kind = scope === 'role' ? 'Role' : 'ClusterRole'
  const role = object(kind, 'reader', scope === 'role' ? 'demo' : '', { rules: READ_PODS })
  store.put(scope === 'role' ? ROLES : CLUSTER_ROLES, role)
  const fields = { roleRef: { apiGroup: GROUP, kind, name: 'reader' }, subjects: [subject] }
  const binding = object(everywhere ? 'ClusterRoleBinding' : 'RoleBinding', 'readers', everywhere ? '' : 'demo', fields)
  return store.put(everywhere ? CLUSTER_ROLE_BINDINGS : ROLE_BINDINGS, binding)
}

function reading(namespace: string): Attributes {
  return { kind: 'resource', verb: 'get', group: '', resource: 'pods', subresource: '', namespace, name: 'llama' }
}

test.each([
  ['a user', { kind: 'User', name: 'bob' }, BOB],
  ['a group', { kind: 'Group', name: 'team' }, BOB],
  [
    'a ServiceAccount',
    { kind: 'ServiceAccount', name: 'robot', namespace: 'demo' },
    { username: 'system:serviceaccount:demo:robot', groups: [] },
  ],
  [
    'a ServiceAccount of the binding’s own namespace',
    { kind: 'ServiceAccount', name: 'robot' },
    { username: 'system:serviceaccount:demo:robot', groups: [] },
  ],
])('%s is granted a role in a namespace, and only there', (_what, subject, user) => {
  for (const scope of ['role', 'cluster-role'] as const) {
    const store = new ObjectStore(':memory:')
    const authorizer = new Authorizer(store)
    grant(store, scope, subject)
    expect(authorizer.decide(user, reading('demo')).allowed).toBe(true)
    expect(authorizer.decide(user, reading('other')).allowed).toBe(false)
    expect(authorizer.decide(user, reading('')).allowed).toBe(false)
    expect(authorizer.decide(ANONYMOUS, reading('demo')).allowed).toBe(false)
    store.close()
  }
})

test('a decision says which binding allowed it', () => {
  const store = new ObjectStore(':memory:')
  grant(store, 'cluster-role', { kind: 'User', name: 'bob' })
  expect(new Authorizer(store).decide(BOB, reading('demo'))).toEqual({
    allowed: true,
    reason: 'RBAC: allowed by RoleBinding "readers/demo" of ClusterRole "reader" to User "bob"',
  })
  store.close()
})

test('a grant ends with its binding, with its subject and with its role', () => {
  const store = new ObjectStore(':memory:')
  const authorizer = new Authorizer(store)
  const may = (): boolean => authorizer.decide(BOB, reading('demo')).allowed
  const binding = grant(store, 'role', { kind: 'User', name: 'bob' })
  expect(may()).toBe(true)
  const others = store.put(ROLE_BINDINGS, { ...binding, subjects: [{ kind: 'User', name: 'eve' }] })
  expect(may()).toBe(false)
  const again = store.put(ROLE_BINDINGS, { ...others, subjects: binding['subjects'] })
  expect(may()).toBe(true)
  store.remove(ROLE_BINDINGS, again)
  expect(may()).toBe(false)
  store.put(ROLE_BINDINGS, again)
  store.remove(ROLES, object('Role', 'reader', 'demo', {}))
  expect(authorizer.decide(BOB, reading('demo'))).toEqual({
    allowed: false,
    reason: 'RBAC: role.rbac.authorization.k8s.io "reader" not found',
  })
  store.close()
})

test('what was granted before the start holds after it', () => {
  const store = new ObjectStore(':memory:')
  grant(store, 'everywhere', { kind: 'Group', name: 'team' })
  const authorizer = new Authorizer(store)
  expect(authorizer.decide(BOB, reading('')).allowed).toBe(true)
  expect(authorizer.decide(BOB, reading('demo')).allowed).toBe(true)
  store.close()
})

test('members of system:masters need no role', () => {
  const store = new ObjectStore(':memory:')
  const master = { username: 'root', groups: ['system:masters'] }
  expect(new Authorizer(store).decide(master, reading('demo'))).toEqual({ allowed: true })
  store.close()
})

test('a ServiceAccount whose name holds a colon is nobody', () => {
  const store = new ObjectStore(':memory:')
  grant(store, 'everywhere', { kind: 'ServiceAccount', name: 'a:robot', namespace: 'demo' })
  const user = { username: 'system:serviceaccount:demo:a:robot', groups: [] }
  expect(new Authorizer(store).decide(user, reading('demo')).allowed).toBe(false)
  store.close()
})
