import { expect, test } from 'vitest'
import { stringAt } from './objects/fields.ts'
import { startTestServer } from './testing/test-server.ts'

const ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts'
const REVIEWS = '/apis/authentication.k8s.io/v1'

test('a ServiceAccount’s token speaks for it until it expires', async () => {
  let now = Date.now()
  await using api = await startTestServer({ clock: () => new Date(now) })
  await api.ask('POST', ACCOUNTS, { body: { metadata: { name: 'robot' } } })
  const issued = await api.ask('POST', `${ACCOUNTS}/robot/token`, { body: { spec: { expirationSeconds: 600 } } })
  const token = stringAt(issued.body, 'status', 'token') ?? ''
  const self = await api.ask('POST', `${REVIEWS}/selfsubjectreviews`, { body: {}, token })
  expect(issued.status).toBe(201)
  expect(self.body).toMatchObject({ status: { userInfo: { username: 'system:serviceaccount:default:robot' } } })
  now += 601_000
  expect((await api.ask('GET', ACCOUNTS, { token })).status).toBe(401)
})

test('a token ends with its ServiceAccount, also when one of the same name follows', async () => {
  await using api = await startTestServer()
  await api.ask('POST', ACCOUNTS, { body: { metadata: { name: 'robot' } } })
  const issued = await api.ask('POST', `${ACCOUNTS}/robot/token`, { body: {} })
  const token = stringAt(issued.body, 'status', 'token') ?? ''
  await api.ask('DELETE', `${ACCOUNTS}/robot`)
  await api.ask('POST', ACCOUNTS, { body: { metadata: { name: 'robot' } } })
  expect((await api.ask('GET', ACCOUNTS, { token })).status).toBe(401)
})

test('a token review says whose token it is', async () => {
  await using api = await startTestServer()
  await api.ask('POST', ACCOUNTS, { body: { metadata: { name: 'robot' } } })
  const issued = await api.ask('POST', `${ACCOUNTS}/robot/token`, { body: {} })
  const token = stringAt(issued.body, 'status', 'token') ?? ''
  const good = await api.ask('POST', `${REVIEWS}/tokenreviews`, { body: { spec: { token } } })
  const bad = await api.ask('POST', `${REVIEWS}/tokenreviews`, { body: { spec: { token: 'nobody' } } })
  expect(good.body).toMatchObject({
    status: { authenticated: true, user: { username: 'system:serviceaccount:default:robot' } },
  })
  expect(bad.body).toMatchObject({ status: { user: {}, error: 'invalid bearer token' } })
})

test('a token of less than ten minutes is refused', async () => {
  await using api = await startTestServer()
  await api.ask('POST', ACCOUNTS, { body: { metadata: { name: 'robot' } } })
  const answer = await api.ask('POST', `${ACCOUNTS}/robot/token`, { body: { spec: { expirationSeconds: 60 } } })
  expect(answer.status).toBe(422)
})

test.each([
  [600.5, 400],
  ['600', 400],
  [599, 422],
  [2 ** 32 + 1, 422],
  [1e300, 422],
])('a token for %s seconds is refused', async (expirationSeconds, status) => {
  await using api = await startTestServer()
  await api.ask('POST', ACCOUNTS, { body: { metadata: { name: 'robot' } } })
  const asked = await api.ask('POST', `${ACCOUNTS}/robot/token`, { body: { spec: { expirationSeconds } } })
  expect(asked.status).toBe(status)
})

const SECRETS = '/api/v1/namespaces/default/secrets'

function tokenSecret(name: string, account: string): object {
  const annotations = { 'kubernetes.io/service-account.name': account }
  return { metadata: { name, annotations }, type: 'kubernetes.io/service-account-token' }
}

function decoded(body: unknown, key: string): string {
  return Buffer.from(stringAt(body, 'data', key) ?? '', 'base64').toString()
}

test('a Secret that asks for a token gets one that lasts as long as the Secret', async () => {
  let now = Date.now()
  await using api = await startTestServer({ clock: () => new Date(now) })
  await api.ask('POST', ACCOUNTS, { body: { metadata: { name: 'robot' } } })
  await api.ask('POST', SECRETS, { body: tokenSecret('key', 'robot') })
  const { body } = await api.ask('GET', `${SECRETS}/key`)
  const token = decoded(body, 'token')
  expect([decoded(body, 'namespace'), decoded(body, 'ca.crt')]).toEqual(['default', api.server.caPem])
  now += 10 * 365 * 24 * 3_600_000
  const self = await api.ask('POST', `${REVIEWS}/selfsubjectreviews`, { body: {}, token })
  expect(stringAt(self.body, 'status', 'userInfo', 'username')).toBe('system:serviceaccount:default:robot')
  await api.ask('DELETE', `${SECRETS}/key`)
  expect((await api.ask('GET', ACCOUNTS, { token })).status).toBe(401)
})

test('a Secret for a token goes with its account, and without one', async () => {
  await using api = await startTestServer()
  await api.ask('POST', ACCOUNTS, { body: { metadata: { name: 'robot' } } })
  await api.ask('POST', SECRETS, { body: tokenSecret('key', 'robot') })
  await api.ask('POST', SECRETS, { body: tokenSecret('orphan', 'nobody') })
  expect((await api.ask('GET', `${SECRETS}/orphan`)).status).toBe(404)
  expect((await api.ask('GET', `${SECRETS}/key`)).status).toBe(200)
  await api.ask('DELETE', `${ACCOUNTS}/robot`)
  expect((await api.ask('GET', `${SECRETS}/key`)).status).toBe(404)
})

test('a Secret that has no room for its token does not keep the server from starting again', async () => {
  await using api = await startTestServer()
  await api.ask('POST', ACCOUNTS, { body: { metadata: { name: 'robot' } } })
  const annotations = { 'kubernetes.io/service-account.name': 'robot', pad: 'x'.repeat(173_000) }
  const data = { pad: Buffer.alloc(1024 * 1024).toString('base64') }
  const body = { metadata: { name: 'full', annotations }, type: 'kubernetes.io/service-account-token', data }
  expect((await api.ask('POST', SECRETS, { body })).status).toBe(201)
  await api.server.close()
  await using again = await startTestServer({ dir: api.dir })
  const found = await again.ask('GET', `${SECRETS}/full`)
  expect([found.status, decoded(found.body, 'token')]).toEqual([200, ''])
})
