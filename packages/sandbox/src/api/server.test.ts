import { request as httpsRequest } from 'node:https'
import { createServer } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fieldAt, listAt, stringAt } from './objects/fields.ts'
import { startApiServer } from './server.ts'
import { ADMIN_TOKEN, startTestServer } from './testing/test-server.ts'
import type { TestServer } from './testing/test-server.ts'

let api: TestServer

beforeAll(async () => {
  api = await startTestServer()
})
afterAll(() => api[Symbol.asyncDispose]())

const MAPS = '/api/v1/namespaces/default/configmaps'
const PODS = '/api/v1/namespaces/default/pods'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'

/** vitest's matchers are `any`; these are not. */
function containing(text: string): unknown {
  return expect.stringContaining(text)
}
function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern)
}

function configMap(name: string, data: Record<string, string> = { a: 'b' }): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data }
}

function pod(name: string, spec: object = {}): object {
  return { metadata: { name }, spec: { containers: [{ name: 'main', image: 'busybox:1' }], ...spec } }
}

function deployment(name: string, replicas = 1): object {
  const labels = { app: name }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'busybox:1' }] } }
  return { metadata: { name }, spec: { replicas, selector: { matchLabels: labels }, template } }
}

test('a new object gets identity, time and version, and reads back as it was answered', async () => {
  const created = await api.ask('POST', MAPS, { body: configMap('one') })
  const read = await api.ask('GET', `${MAPS}/one`)
  expect(created.status).toBe(201)
  expect(created.body).toMatchObject({
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: {
      name: 'one',
      namespace: 'default',
      uid: matching(/^[0-9a-f-]{36}$/),
      resourceVersion: matching(/^\d+$/),
      creationTimestamp: matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    },
    data: { a: 'b' },
  })
  expect(read.body).toEqual(created.body)
})

test('a name of dots does not lead to what stands above', async () => {
  await api.ask('POST', '/api/v1/namespaces', { body: { metadata: { name: 'above' } } })
  const { port, caPem } = api.server
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  // Sent as it is: a URL would resolve the dots here already.
  const options = { host: '127.0.0.1', port, ca: caPem, headers, method: 'DELETE', agent: false }
  const status = await new Promise((resolve, reject) => {
    const path = '/api/v1/namespaces/above/configmaps/..'
    const request = httpsRequest({ ...options, path }, (response) => resolve(response.resume().statusCode))
    request.on('error', reject).end()
  })
  expect(status).toBe(400)
  const above = await api.ask('GET', '/api/v1/namespaces/above')
  expect(above.body).toMatchObject({ status: { phase: 'Active' } })
})

test('a key of a Secret may have any name, and its value must be a string', async () => {
  const secrets = '/api/v1/namespaces/default/secrets'
  const stringData: unknown = JSON.parse('{"__proto__": "v", "constructor": "w"}')
  const created = await api.ask('POST', secrets, { body: { metadata: { name: 'odd' }, stringData } })
  expect(created.text).toContain('"data":{"__proto__":"dg==","constructor":"dw=="}')
  const body = { metadata: { name: 'wrong' }, stringData: { a: 5 } }
  expect((await api.ask('POST', secrets, { body })).status).toBe(400)
})

test('a generated name is unique and keeps its prefix', async () => {
  const body = { metadata: { generateName: 'gen-' } }
  const first = await api.ask('POST', MAPS, { body })
  const second = await api.ask('POST', MAPS, { body })
  const names = [first, second].map((answer) => stringAt(answer.body, 'metadata', 'name'))
  expect(names[0]).toMatch(/^gen-[a-z0-9]{5}$/)
  expect(names[0]).not.toBe(names[1])
})

const REFUSALS: [string, string, unknown, number, string, unknown][] = [
  ['GET', `${MAPS}/nobody`, undefined, 404, 'NotFound', 'configmaps "nobody" not found'],
  ['GET', `${DEPLOYMENTS}/nobody`, undefined, 404, 'NotFound', 'deployments.apps "nobody" not found'],
  ['GET', '/api/v1/nothing', undefined, 404, 'NotFound', 'the server could not find the requested resource'],
  ['PUT', MAPS, {}, 405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource'],
  ['POST', `${MAPS}/x`, {}, 405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource'],
  ['POST', MAPS, '{', 400, 'BadRequest', containing('json parse error')],
  ['POST', MAPS, [], 400, 'BadRequest', containing('must be of type ConfigMap')],
  ['POST', MAPS, { metadata: 'x' }, 400, 'BadRequest', containing('of type v1.ObjectMeta')],
  [
    'POST',
    MAPS,
    { metadata: { name: 5 } },
    400,
    'BadRequest',
    containing('field ObjectMeta.metadata.name of type string'),
  ],
  ['POST', MAPS, { metadata: { generateName: 5 } }, 400, 'BadRequest', containing('ObjectMeta.metadata.generateName')],
  ['POST', MAPS, { metadata: { labels: 'ab' } }, 400, 'BadRequest', containing('labels of type map[string]string')],
  ['POST', MAPS, { metadata: { annotations: { a: 1 } } }, 400, 'BadRequest', containing('annotations of type string')],
  ['POST', MAPS, { metadata: { finalizers: 'x' } }, 400, 'BadRequest', containing('finalizers of type []string')],
  ['POST', MAPS, { metadata: { ownerReferences: ['x'] } }, 400, 'BadRequest', containing('of type v1.OwnerReference')],
  ['POST', MAPS, `{"data":${'['.repeat(2000)}${']'.repeat(2000)}}`, 400, 'BadRequest', containing('nested more than')],
  ['POST', MAPS, { metadata: { name: 'x' }, data: ['a'] }, 400, 'BadRequest', containing('ConfigMap.data of type map')],
  ['POST', MAPS, { kind: 'Pod', apiVersion: 'v1' }, 400, 'BadRequest', containing('cannot be handled as a ConfigMap')],
  ['POST', MAPS, {}, 422, 'Invalid', containing('name or generateName is required')],
  ['POST', '/api/v1/namespaces/nope/configmaps', configMap('x'), 404, 'NotFound', 'namespaces "nope" not found'],
  ['GET', `${MAPS}?labelSelector=a,,b`, undefined, 400, 'BadRequest', matching(/./)],
  ['GET', `${MAPS}?limit=many`, undefined, 400, 'BadRequest', 'strconv.ParseInt: parsing "many": invalid syntax'],
  [
    'GET',
    `${MAPS}?watch=true&timeoutSeconds=1e999`,
    undefined,
    400,
    'BadRequest',
    'strconv.ParseInt: parsing "1e999": invalid syntax',
  ],
  [
    'GET',
    `${MAPS}?resourceVersion=${'9'.repeat(30)}`,
    undefined,
    400,
    'BadRequest',
    `invalid resource version: resourceVersion: Invalid value: "${'9'.repeat(30)}": strconv.ParseUint: parsing "${'9'.repeat(30)}": invalid syntax`,
  ],
  ['GET', '/api/v1/configmaps/one', undefined, 404, 'NotFound', 'the server could not find the requested resource'],
  [
    'POST',
    '/api/v1/configmaps',
    {},
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
  ],
  [
    'DELETE',
    '/api/v1/configmaps',
    undefined,
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
  ],
  [
    'OPTIONS',
    MAPS,
    undefined,
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
  ],
  [
    'GET',
    `${MAPS}?fieldSelector=spec.x%3D1`,
    undefined,
    400,
    'BadRequest',
    '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
  ],
  ['GET', `${MAPS}?continue=abc`, undefined, 400, 'BadRequest', containing('invalid continue token')],
  ['GET', `${MAPS}?resourceVersion=zzz`, undefined, 400, 'BadRequest', containing('invalid resource version')],
  ['DELETE', '/api/v1/namespaces/default', undefined, 403, 'Forbidden', containing('may not be deleted')],
  ['PATCH', `${MAPS}/one`, {}, 415, 'UnsupportedMediaType', matching(/./)],
]

test.each(REFUSALS)('%s %s with %j answers %i %s', async (method, path, body, status, reason, message) => {
  const answer = await api.ask(method, path, { body })
  expect(answer.status).toBe(status)
  expect(answer.body).toMatchObject({ kind: 'Status', status: 'Failure', code: status, reason, message })
})

test('a body past three mebibytes is refused with 413', async () => {
  const body = configMap('large', { a: 'x'.repeat(8 * 1024 * 1024) })
  const answer = await api.ask('POST', MAPS, { body })
  expect(answer.status).toBe(413)
})

test('a body may be YAML, and so may the answer', async () => {
  const body = 'metadata: {name: from-yaml}\ndata: {a: "1"}\n'
  const answer = await api.ask('POST', MAPS, { body, type: 'application/yaml', accept: 'application/yaml' })
  expect(answer.headers['content-type']).toBe('application/yaml')
  expect(answer.text).toContain('name: from-yaml')
})

test('an answer is JSON for a client that would rather have protobuf, and refused to one that takes nothing else', async () => {
  const both = await api.ask('GET', MAPS, { accept: 'application/vnd.kubernetes.protobuf,application/json' })
  const only = await api.ask('GET', MAPS, { accept: 'application/vnd.kubernetes.protobuf' })
  expect(both.status).toBe(200)
  expect(both.body).toMatchObject({ kind: 'ConfigMapList' })
  expect(only.status).toBe(406)
})

test.each([
  ['', 403],
  ['wrong', 401],
  [ADMIN_TOKEN, 200],
])('the token "%s" is answered %i', async (token, status) => {
  expect((await api.ask('GET', MAPS, { token })).status).toBe(status)
})

test.each(['/healthz', '/livez', '/readyz', '/version'])('%s needs no token', async (path) => {
  expect((await api.ask('GET', path, { token: '' })).status).toBe(200)
})

test('a write that is based on an older version is refused, one that names none wins', async () => {
  const created = await api.ask('POST', MAPS, { body: configMap('raced') })
  const stale = { ...configMap('raced', { a: 'stale' }), metadata: fieldAt(created.body, 'metadata') }
  const won = await api.ask('PUT', `${MAPS}/raced`, { body: configMap('raced', { a: 'won' }) })
  const lost = await api.ask('PUT', `${MAPS}/raced`, { body: stale })
  expect(won.status).toBe(200)
  expect(lost.status).toBe(409)
  expect(lost.body).toMatchObject({ reason: 'Conflict', details: { name: 'raced', kind: 'configmaps' } })
})

test('a write that changes nothing gets no new version', async () => {
  const created = await api.ask('POST', MAPS, { body: configMap('same') })
  const again = await api.ask('PUT', `${MAPS}/same`, { body: configMap('same') })
  expect(again.body).toEqual(created.body)
})

test('a replacement keeps what only the server writes', async () => {
  const created = await api.ask('POST', MAPS, { body: configMap('kept') })
  const metadata = { name: 'kept', creationTimestamp: '2001-01-01T00:00:00Z' }
  const replaced = await api.ask('PUT', `${MAPS}/kept`, { body: { metadata, data: { b: 'c' } } })
  expect(fieldAt(replaced.body, 'metadata', 'uid')).toBe(fieldAt(created.body, 'metadata', 'uid'))
  expect(fieldAt(replaced.body, 'metadata', 'creationTimestamp')).toBe(
    fieldAt(created.body, 'metadata', 'creationTimestamp'),
  )
  expect(fieldAt(replaced.body, 'data')).toEqual({ b: 'c' })
})

test('a dry run answers what would be stored and stores nothing', async () => {
  const created = await api.ask('POST', `${MAPS}?dryRun=All`, { body: configMap('dry') })
  const refused = await api.ask('POST', `${MAPS}?dryRun=Some`, { body: configMap('dry') })
  await api.ask('POST', MAPS, { body: configMap('wet') })
  const changed = await api.ask('PUT', `${MAPS}/wet?dryRun=All`, { body: configMap('wet', { a: 'z' }) })
  const deleted = await api.ask('DELETE', `${MAPS}/wet?dryRun=All`)
  expect([created.status, refused.status, changed.status, deleted.status]).toEqual([201, 422, 200, 200])
  expect((await api.ask('GET', `${MAPS}/dry`)).status).toBe(404)
  expect((await api.ask('GET', `${MAPS}/wet`)).body).toMatchObject({ data: { a: 'b' } })
})

test.each([
  ['application/merge-patch+json', { data: { b: '2', a: null } }],
  ['application/strategic-merge-patch+json', { data: { b: '2', a: null } }],
  [
    'application/json-patch+json',
    [
      { op: 'remove', path: '/data/a' },
      { op: 'add', path: '/data/b', value: '2' },
    ],
  ],
])('%s changes an object', async (type, body) => {
  const name = type.replaceAll(/[^a-z]/g, '')
  await api.ask('POST', MAPS, { body: configMap(name) })
  const patched = await api.ask('PATCH', `${MAPS}/${name}`, { type, body })
  expect(patched.status).toBe(200)
  expect(fieldAt(patched.body, 'data')).toEqual({ b: '2' })
})

test('status is written at its own endpoint only, and the rest only at the main one', async () => {
  await api.ask('POST', DEPLOYMENTS, { body: { ...deployment('split'), status: { replicas: 9 } } })
  const type = 'application/merge-patch+json'
  const body = { spec: { replicas: 5 }, status: { replicas: 7 } }
  const byStatus = await api.ask('PATCH', `${DEPLOYMENTS}/split/status`, { type, body })
  expect(byStatus.body).toMatchObject({ metadata: { generation: 1 }, spec: { replicas: 1 }, status: { replicas: 7 } })
  const byMain = await api.ask('PATCH', `${DEPLOYMENTS}/split`, { type, body: { ...body, status: { replicas: 8 } } })
  expect(byMain.body).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 5 }, status: { replicas: 7 } })
})

test('a label does not count as a new generation', async () => {
  await api.ask('POST', DEPLOYMENTS, { body: deployment('labelled') })
  const type = 'application/merge-patch+json'
  const answer = await api.ask('PATCH', `${DEPLOYMENTS}/labelled`, { type, body: { metadata: { labels: { a: 'b' } } } })
  expect(answer.body).toMatchObject({ metadata: { generation: 1, labels: { a: 'b' } } })
})

test('scale reads and writes the replicas of a Deployment', async () => {
  await api.ask('POST', DEPLOYMENTS, { body: deployment('scaled', 2) })
  const type = 'application/merge-patch+json'
  const before = await api.ask('GET', `${DEPLOYMENTS}/scaled/scale`)
  await api.ask('PATCH', `${DEPLOYMENTS}/scaled/scale`, { type, body: { spec: { replicas: 4 } } })
  expect(before.body).toMatchObject({ kind: 'Scale', spec: { replicas: 2 }, status: { selector: 'app=scaled' } })
  expect((await api.ask('GET', `${DEPLOYMENTS}/scaled`)).body).toMatchObject({ spec: { replicas: 4 } })
})

test('a selector of a Deployment is immutable', async () => {
  await api.ask('POST', DEPLOYMENTS, { body: deployment('fixed') })
  const type = 'application/json-patch+json'
  const body = [{ op: 'add', path: '/spec/selector/matchLabels/b', value: 'c' }]
  const answer = await api.ask('PATCH', `${DEPLOYMENTS}/fixed`, { type, body })
  expect(answer.status).toBe(422)
  expect(stringAt(answer.body, 'message')).toContain('field is immutable')
})

test('stringData of a Secret ends up encoded in data', async () => {
  const body = { metadata: { name: 'key' }, stringData: { NGC_API_KEY: 'nvapi-test-1' } }
  const answer = await api.ask('POST', '/api/v1/namespaces/default/secrets', { body })
  expect(fieldAt(answer.body, 'stringData')).toBeUndefined()
  expect(fieldAt(answer.body, 'data')).toEqual({ NGC_API_KEY: Buffer.from('nvapi-test-1').toString('base64') })
})

test('an immutable Secret keeps its data', async () => {
  const path = '/api/v1/namespaces/default/secrets'
  await api.ask('POST', path, { body: { metadata: { name: 'sealed' }, immutable: true, data: { a: 'Yg==' } } })
  const type = 'application/merge-patch+json'
  const changed = await api.ask('PATCH', `${path}/sealed`, { type, body: { data: { a: 'Yw==' } } })
  const labelled = await api.ask('PATCH', `${path}/sealed`, { type, body: { metadata: { labels: { a: 'b' } } } })
  expect([changed.status, labelled.status]).toEqual([422, 200])
})

test('Services get addresses of their own and keep them', async () => {
  const path = '/api/v1/namespaces/default/services'
  const service = (name: string): object => ({ metadata: { name }, spec: { ports: [{ port: 80 }] } })
  const one = await api.ask('POST', path, { body: service('svc-one') })
  const two = await api.ask('POST', path, { body: service('svc-two') })
  const replaced = await api.ask('PUT', `${path}/svc-one`, {
    body: { ...service('svc-one'), metadata: { name: 'svc-one', labels: { a: 'b' } } },
  })
  const headless = await api.ask('POST', path, {
    body: { metadata: { name: 'none' }, spec: { clusterIP: 'None', ports: [{ port: 80 }] } },
  })
  const address = stringAt(one.body, 'spec', 'clusterIP')
  expect(address).toMatch(/^10\.96\.\d+\.\d+$/)
  expect(stringAt(two.body, 'spec', 'clusterIP')).not.toBe(address)
  expect(stringAt(replaced.body, 'spec', 'clusterIP')).toBe(address)
  expect(fieldAt(headless.body, 'spec', 'clusterIPs')).toEqual(['None'])
})

test('a claim that names no class gets the default one', async () => {
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' }
  await api.ask('POST', '/apis/storage.k8s.io/v1/storageclasses', {
    body: { metadata: { name: 'fast', annotations }, provisioner: 'example.com/p' },
  })
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
  const claim = await api.ask('POST', '/api/v1/namespaces/default/persistentvolumeclaims', {
    body: { metadata: { name: 'data' }, spec },
  })
  expect(claim.body).toMatchObject({ spec: { storageClassName: 'fast' }, status: { phase: 'Pending' } })
})

test('a page of a list says where the next begins', async () => {
  await api.ask('POST', '/api/v1/namespaces', { body: { metadata: { name: 'paged' } } })
  for (const name of ['a', 'b', 'c'])
    await api.ask('POST', '/api/v1/namespaces/paged/configmaps', { body: configMap(name) })
  const first = await api.ask('GET', '/api/v1/namespaces/paged/configmaps?limit=2')
  const token = stringAt(first.body, 'metadata', 'continue') ?? ''
  const second = await api.ask('GET', `/api/v1/namespaces/paged/configmaps?limit=2&continue=${token}`)
  const names = [first, second].map(({ body }) =>
    listAt(body, 'items').map((item) => stringAt(item, 'metadata', 'name')),
  )
  expect(names).toEqual([['a', 'b'], ['c']])
  expect(fieldAt(first.body, 'metadata', 'remainingItemCount')).toBe(1)
  expect(fieldAt(second.body, 'metadata', 'continue')).toBeUndefined()
})

test('pods are selected by node and phase', async () => {
  await api.ask('POST', PODS, { body: pod('here', { nodeName: 'n1' }) })
  await api.ask('POST', PODS, { body: pod('there', { nodeName: 'n2' }) })
  const answer = await api.ask(
    'GET',
    `/api/v1/pods?fieldSelector=${encodeURIComponent('spec.nodeName=n1,status.phase!=Running')}`,
  )
  expect(listAt(answer.body, 'items').map((item) => stringAt(item, 'metadata', 'name'))).toEqual(['here'])
})

test('a table view comes with columns and rows', async () => {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
  const answer = await api.ask('GET', '/api/v1/namespaces', { accept })
  expect(answer.body).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' })
  expect(listAt(answer.body, 'rows').length).toBeGreaterThanOrEqual(4)
})

test.each([
  { include: 'Object', kind: 'Namespace' },
  { include: 'Metadata', kind: 'PartialObjectMetadata' },
  { include: 'None', kind: undefined },
])('rows of a table carry what includeObject=$include asks for', async ({ include, kind }) => {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
  const answer = await api.ask('GET', `/api/v1/namespaces?includeObject=${include}`, { accept })
  expect(listAt(answer.body, 'rows')).toSatisfy((rows: { object?: { kind: string } }[]) =>
    rows.every((row) => row.object?.kind === kind),
  )
})

test('a folder that another server has open is refused, and its port is free again', async () => {
  const second = startApiServer({ dir: api.dir, port: 0, token: 't' })
  await expect(second).rejects.toMatchObject({ code: 'NEXUS_STORE_IN_USE' })
})

test('a namespace in the path of a cluster-scoped resource leads nowhere', async () => {
  expect((await api.ask('GET', '/api/v1/namespaces/default/nodes')).status).toBe(404)
})

test('a port that is taken is Node’s own error', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const address = taken.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const dir = await mkdtemp(join(tmpdir(), 'nexus-api-'))
  await expect(startApiServer({ dir, port, token: 't' })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  await new Promise((resolve) => taken.close(resolve))
  await rm(dir, { recursive: true })
})
