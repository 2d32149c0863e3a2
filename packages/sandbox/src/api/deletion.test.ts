import { afterAll, beforeAll, expect, test } from 'vitest'
import { fieldAt, listAt, stringAt } from './objects/fields.ts'
import { startTestServer } from './testing/test-server.ts'
import type { TestServer } from './testing/test-server.ts'

let api: TestServer

beforeAll(async () => {
  api = await startTestServer()
})
afterAll(() => api[Symbol.asyncDispose]())

const MAPS = '/api/v1/namespaces/default/configmaps'
const PODS = '/api/v1/namespaces/default/pods'
const MERGE = 'application/merge-patch+json'

async function createMap(name: string, metadata: object = {}): Promise<string> {
  const answer = await api.ask('POST', MAPS, { body: { metadata: { name, ...metadata } } })
  return stringAt(answer.body, 'metadata', 'uid') ?? ''
}

function pod(name: string, spec: object = {}): object {
  return { metadata: { name }, spec: { containers: [{ name: 'main', image: 'busybox:1' }], ...spec } }
}

test('an object without finalizers is gone at once, and the answer says which', async () => {
  const uid = await createMap('gone')
  const deleted = await api.ask('DELETE', `${MAPS}/gone`)
  expect(deleted.body).toMatchObject({
    kind: 'Status',
    status: 'Success',
    details: { name: 'gone', kind: 'configmaps', uid },
  })
  expect((await api.ask('GET', `${MAPS}/gone`)).status).toBe(404)
})

test('a finalizer keeps an object until it is taken away', async () => {
  await createMap('held', { finalizers: ['example.com/hold'] })
  const deleted = await api.ask('DELETE', `${MAPS}/held`)
  expect(deleted.body).toMatchObject({ kind: 'ConfigMap', metadata: { deletionGracePeriodSeconds: 0 } })
  const late = await api.ask('PATCH', `${MAPS}/held`, {
    type: MERGE,
    body: { metadata: { finalizers: ['example.com/late'] } },
  })
  expect(late.status).toBe(422)
  const released = await api.ask('PATCH', `${MAPS}/held`, { type: MERGE, body: { metadata: { finalizers: null } } })
  expect(released.status).toBe(200)
  expect((await api.ask('GET', `${MAPS}/held`)).status).toBe(404)
})

test('a second deletion of a held object changes nothing', async () => {
  await createMap('twice', { finalizers: ['example.com/hold'] })
  const first = await api.ask('DELETE', `${MAPS}/twice`)
  const second = await api.ask('DELETE', `${MAPS}/twice`)
  expect(second.body).toEqual(first.body)
})

test.each([
  ['Foreground', 'foregroundDeletion'],
  ['Orphan', 'orphan'],
])('%s deletion waits for the garbage collector with finalizer %s', async (propagationPolicy, finalizer) => {
  const name = propagationPolicy.toLowerCase()
  await createMap(name)
  const deleted = await api.ask('DELETE', `${MAPS}/${name}`, { body: { propagationPolicy } })
  expect(fieldAt(deleted.body, 'metadata', 'finalizers')).toEqual([finalizer])
})

test('a deletion with preconditions is refused for another object', async () => {
  const uid = await createMap('exact')
  const other = await api.ask('DELETE', `${MAPS}/exact`, { body: { preconditions: { uid: 'other' } } })
  const same = await api.ask('DELETE', `${MAPS}/exact`, { body: { preconditions: { uid } } })
  expect([other.status, same.status]).toEqual([409, 200])
})

test.each([
  ['in the query', '?dryRun=All', {}],
  ['in the body, as kubectl sends it', '', { kind: 'DeleteOptions', apiVersion: 'v1', dryRun: ['All'] }],
])('a dry run of a deletion that is asked for %s deletes nothing', async (_, query, body) => {
  await createMap('spared')
  expect((await api.ask('DELETE', `${MAPS}/spared${query}`, { body })).body).toMatchObject({ status: 'Success' })
  expect((await api.ask('DELETE', `${MAPS}${query}`, { body })).status).toBe(200)
  expect((await api.ask('GET', `${MAPS}/spared`)).status).toBe(200)
})

test.each([
  ['', { gracePeriodSeconds: 1e15 }],
  ['', { gracePeriodSeconds: 1.5 }],
  ['?gracePeriodSeconds=99999999999999999999', {}],
  ['?gracePeriodSeconds=soon', {}],
])('a deletion that cannot be meant is refused: %s %j', async (query, body) => {
  await api.ask('POST', PODS, { body: pod('kept', { nodeName: 'n1' }) })
  expect((await api.ask('DELETE', `${PODS}/kept${query}`, { body })).status).toBe(400)
})

test('a running pod waits for its node, and goes when the node says so', async () => {
  await api.ask('POST', PODS, { body: pod('running', { nodeName: 'n1', terminationGracePeriodSeconds: 20 }) })
  const asked = await api.ask('DELETE', `${PODS}/running`)
  expect(asked.body).toMatchObject({ kind: 'Pod', metadata: { deletionGracePeriodSeconds: 20 } })
  const hurried = await api.ask('DELETE', `${PODS}/running`, { body: { gracePeriodSeconds: 5 } })
  expect(hurried.body).toMatchObject({ metadata: { deletionGracePeriodSeconds: 5 } })
  const ended = await api.ask('DELETE', `${PODS}/running?gracePeriodSeconds=0`)
  expect(ended.status).toBe(200)
  expect((await api.ask('GET', `${PODS}/running`)).status).toBe(404)
})

test('a pod without a node goes at once', async () => {
  await api.ask('POST', PODS, { body: pod('waiting') })
  await api.ask('DELETE', `${PODS}/waiting`)
  expect((await api.ask('GET', `${PODS}/waiting`)).status).toBe(404)
})

test('a collection is deleted by its labels', async () => {
  await createMap('mine', { labels: { owner: 'me' } })
  await createMap('yours', { labels: { owner: 'you' } })
  const deleted = await api.ask('DELETE', `${MAPS}?labelSelector=owner%3Dme`)
  expect(listAt(deleted.body, 'items').map((item) => stringAt(item, 'metadata', 'name'))).toEqual(['mine'])
  expect((await api.ask('GET', `${MAPS}/yours`)).status).toBe(200)
})

test('a namespace on its way out takes nothing new and goes when it is finalized', async () => {
  const path = '/api/v1/namespaces/leaving'
  await api.ask('POST', '/api/v1/namespaces', { body: { metadata: { name: 'leaving' } } })
  const deleted = await api.ask('DELETE', path)
  expect(deleted.body).toMatchObject({ status: { phase: 'Terminating' }, spec: { finalizers: ['kubernetes'] } })
  const refused = await api.ask('POST', `${path}/configmaps`, { body: { metadata: { name: 'late' } } })
  expect(refused.body).toMatchObject({ code: 403, details: { causes: [{ reason: 'NamespaceTerminating' }] } })
  const body = { metadata: { name: 'leaving' }, spec: { finalizers: [] } }
  const finalized = await api.ask('PUT', `${path}/finalize`, { body })
  expect(finalized.status).toBe(200)
  expect((await api.ask('GET', path)).status).toBe(404)
})
