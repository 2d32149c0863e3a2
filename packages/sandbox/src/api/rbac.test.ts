import { expect, test } from 'vitest'
import { stringAt } from './objects/fields.ts'
import { startTestServer } from './testing/test-server.ts'
import type { TestServer } from './testing/test-server.ts'

const GROUP = 'rbac.authorization.k8s.io'
const ROLES = `/apis/${GROUP}/v1/namespaces/default/roles`
const BINDINGS = `/apis/${GROUP}/v1/namespaces/default/rolebindings`
const MAPS = '/api/v1/namespaces/default/configmaps'

/** A ServiceAccount with these rules in its namespace; the answer is its token. */
async function robotWith(api: TestServer, rules: readonly object[]): Promise<string> {
  const accounts = '/api/v1/namespaces/default/serviceaccounts'
  const metadata = { name: 'robot' }
  await api.ask('POST', accounts, { body: { metadata } })
  await api.ask('POST', ROLES, { body: { metadata, rules } })
  const subjects = [{ kind: 'ServiceAccount', name: 'robot', namespace: 'default' }]
  await api.ask('POST', BINDINGS, { body: { metadata, roleRef: { kind: 'Role', name: 'robot' }, subjects } })
  const issued = await api.ask('POST', `${accounts}/robot/token`, { body: {} })
  return stringAt(issued.body, 'status', 'token') ?? ''
}

test('a grant holds from the moment it is answered to the moment it is taken back', async () => {
  await using api = await startTestServer()
  const token = await robotWith(api, [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }])
  expect((await api.ask('GET', MAPS, { token })).status).toBe(200)
  expect((await api.ask('GET', '/api/v1/configmaps', { token })).status).toBe(403)
  await api.ask('DELETE', `${BINDINGS}/robot`)
  expect((await api.ask('GET', MAPS, { token })).status).toBe(403)
})

test('who is refused is refused before his body is read', async () => {
  await using api = await startTestServer()
  const token = await robotWith(api, [])
  const answer = await api.ask('POST', MAPS, { body: '{nonsense', token })
  expect(answer.body).toMatchObject({
    status: 'Failure',
    reason: 'Forbidden',
    message:
      'configmaps is forbidden: User "system:serviceaccount:default:robot" cannot create resource "configmaps" in API group "" in the namespace "default"',
    details: { kind: 'configmaps' },
    code: 403,
  })
})

test('a resource that nobody serves is as forbidden as one that is served', async () => {
  await using api = await startTestServer()
  const token = await robotWith(api, [])
  expect((await api.ask('GET', '/apis/nobody.example/v1/things', { token })).status).toBe(403)
  expect((await api.ask('GET', '/nowhere', { token })).status).toBe(403)
  expect((await api.ask('GET', '/apis/nobody.example/v1/things')).status).toBe(404)
})

test('nobody gives himself more than he has', async () => {
  await using api = await startTestServer()
  const write = { apiGroups: [GROUP], resources: ['roles', 'rolebindings'], verbs: ['create', 'update', 'patch'] }
  const token = await robotWith(api, [write])
  const all = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] }
  const type = 'application/merge-patch+json'
  const made = await api.ask('POST', ROLES, { body: { metadata: { name: 'all' }, rules: [all] }, token })
  const changed = await api.ask('PATCH', `${ROLES}/robot`, { body: { rules: [all] }, type, token })
  const roleRef = { kind: 'ClusterRole', name: 'cluster-admin' }
  const bound = await api.ask('POST', BINDINGS, { body: { metadata: { name: 'all' }, roleRef, subjects: [] }, token })
  expect([made, changed, bound].map(({ body }) => stringAt(body, 'message'))).toEqual([
    expect.stringContaining('{APIGroups:["*"], Resources:["*"], Verbs:["*"]}'),
    expect.stringContaining('is attempting to grant RBAC permissions not currently held'),
    expect.stringContaining('{NonResourceURLs:["*"], Verbs:["*"]}'),
  ])
})

test('who may not do everything does not change what a role gathers, nor by whom it is gathered', async () => {
  await using api = await startTestServer()
  const token = await robotWith(api, [])
  const clusterRoles = `/apis/${GROUP}/v1/clusterroles`
  const rules = [{ apiGroups: [GROUP], resources: ['clusterroles'], verbs: ['get', 'patch'] }]
  await api.ask('POST', clusterRoles, { body: { metadata: { name: 'editor' }, rules } })
  const subjects = [{ kind: 'ServiceAccount', name: 'robot', namespace: 'default' }]
  for (const name of ['editor', 'view']) {
    const body = { metadata: { name: `robot-${name}` }, roleRef: { kind: 'ClusterRole', name }, subjects }
    await api.ask('POST', `/apis/${GROUP}/v1/clusterrolebindings`, { body })
  }
  // Without its rules, which come back at once, the role would be no grant.
  const body = { metadata: { labels: { [`${GROUP}/aggregate-to-view`]: 'true' } }, rules: null }
  const type = 'application/merge-patch+json'
  const changed = await api.ask('PATCH', `${clusterRoles}/admin`, { body, type, token })
  expect([changed.status, stringAt(changed.body, 'message')]).toEqual([
    403,
    `clusterroles.${GROUP} "admin" is forbidden: must have cluster-admin privileges to use the aggregationRule`,
  ])
  expect((await api.ask('GET', '/api/v1/secrets', { token })).status).toBe(403)
})

test('a rule of more rights than can be compared is refused', async () => {
  await using api = await startTestServer()
  const token = await robotWith(api, [{ apiGroups: [GROUP], resources: ['roles'], verbs: ['create'] }])
  const many = Array.from({ length: 1000 }, (_, index) => `x${index}`)
  const rules = [{ apiGroups: many, resources: many, verbs: many }]
  const made = await api.ask('POST', ROLES, { body: { metadata: { name: 'wide' }, rules }, token })
  expect([made.status, stringAt(made.body, 'message')]).toEqual([
    403,
    expect.stringContaining('1000000000 single rights are too many'),
  ])
})

test('a part of an object is guarded like the object', async () => {
  await using api = await startTestServer()
  const token = await robotWith(api, [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['*'] }])
  const scale = '/apis/apps/v1/namespaces/default/deployments/one/scale'
  expect((await api.ask('GET', scale, { token })).status).toBe(403)
  expect((await api.ask('GET', scale)).status).toBe(404)
})
