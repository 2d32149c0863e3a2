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

test('a part of an object is guarded like the object', async () => {
  await using api = await startTestServer()
  const token = await robotWith(api, [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['*'] }])
  const scale = '/apis/apps/v1/namespaces/default/deployments/one/scale'
  expect((await api.ask('GET', scale, { token })).status).toBe(403)
  expect((await api.ask('GET', scale)).status).toBe(404)
})
