import { afterAll, beforeAll, expect, test } from 'vitest'
import { fieldAt, listAt, stringAt } from './objects/fields.ts'
import { startTestServer } from './testing/test-server.ts'
import type { TestServer } from './testing/test-server.ts'

let api: TestServer

beforeAll(async () => {
  api = await startTestServer()
})
afterAll(() => api[Symbol.asyncDispose]())

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const MERGE = 'application/merge-patch+json'

function definition(plural: string, kind: string): object {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  return {
    metadata: { name: `${plural}.example.com` },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural, kind, shortNames: [plural.slice(0, 2)] },
      versions: [
        { name: 'v1', served: true, storage: true, schema, subresources: { status: {} } },
        { name: 'v1alpha1', served: true, storage: false, schema },
      ],
    },
  }
}

function inDefault(plural: string, version = 'v1'): string {
  return `/apis/example.com/${version}/namespaces/default/${plural}`
}

test('a definition is served at once, and discovery tells of it', async () => {
  const created = await api.ask('POST', CRDS, { body: definition('widgets', 'Widget') })
  expect(created.body).toMatchObject({
    spec: { names: { singular: 'widget', listKind: 'WidgetList' }, conversion: { strategy: 'None' } },
    status: {
      conditions: [
        { type: 'NamesAccepted', status: 'True' },
        { type: 'Established', status: 'True' },
      ],
      storedVersions: ['v1'],
    },
  })
  const list = await api.ask('GET', inDefault('widgets'))
  expect(list.body).toMatchObject({ kind: 'WidgetList', apiVersion: 'example.com/v1', items: [] })
  const discovery = await api.ask('GET', '/apis/example.com/v1')
  expect(listAt(discovery.body, 'resources')).toMatchObject([
    { name: 'widgets', shortNames: ['wi'] },
    { name: 'widgets/status' },
  ])
  const group = await api.ask('GET', '/apis/example.com')
  expect(fieldAt(group.body, 'preferredVersion', 'version')).toBe('v1')
})

test('a custom object counts generations, keeps unknown fields and splits its status off', async () => {
  await api.ask('POST', CRDS, { body: definition('gadgets', 'Gadget') })
  const body = { metadata: { name: 'one' }, spec: { size: 1, deep: { odd: [1] } }, status: { ready: true } }
  const created = await api.ask('POST', inDefault('gadgets'), { body })
  expect(created.body).toMatchObject({ metadata: { generation: 1 }, spec: { deep: { odd: [1] } } })
  expect(fieldAt(created.body, 'status')).toBeUndefined()
  const status = await api.ask('PATCH', `${inDefault('gadgets')}/one/status`, {
    type: MERGE,
    body: { status: { ready: true } },
  })
  expect(status.body).toMatchObject({ metadata: { generation: 1 }, status: { ready: true } })
  const spec = await api.ask('PATCH', `${inDefault('gadgets')}/one`, { type: MERGE, body: { spec: { size: 2 } } })
  expect(spec.body).toMatchObject({ metadata: { generation: 2 }, spec: { size: 2 }, status: { ready: true } })
})

test('a finalizer without a domain is good enough for a custom object', async () => {
  await api.ask('POST', CRDS, { body: definition('gizmos', 'Gizmo') })
  const body = { metadata: { name: 'one', finalizers: ['gizmo.finalizers'] } }
  expect((await api.ask('POST', inDefault('gizmos'), { body })).status).toBe(201)
})

test('every served version shows the same object', async () => {
  await api.ask('POST', CRDS, { body: definition('things', 'Thing') })
  await api.ask('POST', inDefault('things', 'v1alpha1'), { body: { metadata: { name: 'one' }, spec: { a: 1 } } })
  const answer = await api.ask('GET', `${inDefault('things')}/one`)
  expect(answer.body).toMatchObject({ apiVersion: 'example.com/v1', spec: { a: 1 } })
})

test('a strategic merge patch is refused for a custom object', async () => {
  await api.ask('POST', CRDS, { body: definition('plates', 'Plate') })
  await api.ask('POST', inDefault('plates'), { body: { metadata: { name: 'one' } } })
  const type = 'application/strategic-merge-patch+json'
  expect((await api.ask('PATCH', `${inDefault('plates')}/one`, { type, body: {} })).status).toBe(415)
})

test('a definition goes with the last of its objects', async () => {
  await api.ask('POST', CRDS, { body: definition('relics', 'Relic') })
  await api.ask('POST', inDefault('relics'), { body: { metadata: { name: 'free' } } })
  await api.ask('POST', inDefault('relics'), { body: { metadata: { name: 'held', finalizers: ['example.com/hold'] } } })
  await api.ask('DELETE', `${CRDS}/relics.example.com`)
  const left = await api.ask('GET', inDefault('relics'))
  expect(listAt(left.body, 'items').map((item) => stringAt(item, 'metadata', 'name'))).toEqual(['held'])
  await api.ask('PATCH', `${inDefault('relics')}/held`, { type: MERGE, body: { metadata: { finalizers: null } } })
  expect((await api.ask('GET', `${CRDS}/relics.example.com`)).status).toBe(404)
  expect((await api.ask('GET', inDefault('relics'))).status).toBe(404)
})

test('a definition without objects goes at once', async () => {
  await api.ask('POST', CRDS, { body: definition('ghosts', 'Ghost') })
  await api.ask('DELETE', `${CRDS}/ghosts.example.com`)
  expect((await api.ask('GET', `${CRDS}/ghosts.example.com`)).status).toBe(404)
})

test('a definition that is deleted in the foreground goes once the garbage collector lets go of it', async () => {
  const path = `${CRDS}/shadows.example.com`
  await api.ask('POST', CRDS, { body: definition('shadows', 'Shadow') })
  await api.ask('DELETE', path, { body: { propagationPolicy: 'Foreground' } })
  const waiting = await api.ask('GET', path)
  expect(fieldAt(waiting.body, 'metadata', 'finalizers')).toEqual(['foregroundDeletion'])
  await api.ask('PATCH', path, { type: MERGE, body: { metadata: { finalizers: null } } })
  expect((await api.ask('GET', path)).status).toBe(404)
})

test('a custom kind may be called like a built-in one, and keeps none of its rules', async () => {
  const path = inDefault('services')
  await api.ask('POST', CRDS, { body: definition('services', 'StorageClass') })
  const created = await api.ask('POST', path, { body: { metadata: { name: 'one' }, provisioner: 'a' } })
  expect(created.body).toMatchObject({ kind: 'StorageClass', apiVersion: 'example.com/v1' })
  const resourceVersion = stringAt(created.body, 'metadata', 'resourceVersion')
  const body = { metadata: { name: 'one', resourceVersion }, provisioner: 'b' }
  expect((await api.ask('PUT', `${path}/one`, { body })).status).toBe(200)
})

test('a definition cannot claim the objects of another or of a built-in kind', async () => {
  const schema = { openAPIV3Schema: { type: 'object' } }
  const versions = [{ name: 'v1', served: true, storage: true, schema }]
  const spec = { group: 'example.com', scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget' }, versions }
  const wrong = [
    { metadata: { name: 'other.example.com' }, spec },
    { metadata: { name: 'deployments.apps' }, spec: { ...spec, group: 'apps', names: { plural: 'deployments' } } },
  ]
  const answers = await Promise.all(wrong.map((body) => api.ask('POST', CRDS, { body })))
  const fields = answers.map(({ body }) => listAt(body, 'details', 'causes').map((cause) => stringAt(cause, 'field')))
  expect(answers.map(({ status }) => status)).toEqual([422, 422])
  expect(fields).toEqual([
    ['metadata.name'],
    ['spec.group', 'spec.names.singular', 'spec.names.kind', 'spec.names.listKind'],
  ])
})

test('a definition without one stored version, with a version twice or of no scope is refused', async () => {
  const v1 = { name: 'v1', served: true, storage: false, schema: { openAPIV3Schema: { type: 'object' } } }
  const names = { plural: 'odds', kind: 'Odd' }
  const body = { metadata: { name: 'odds.example.com' }, spec: { group: 'example.com', names, versions: [v1, v1] } }
  const answer = await api.ask('POST', CRDS, { body })
  const sentences = listAt(answer.body, 'details', 'causes').map((cause) => stringAt(cause, 'message'))
  expect(sentences).toEqual([
    'Required value',
    expect.stringContaining('must contain unique version names'),
    expect.stringContaining('must have exactly one version marked as storage version'),
  ])
})

test('a definition keeps its group, kind, plural and scope', async () => {
  await api.ask('POST', CRDS, { body: definition('stays', 'Stay') })
  const body = { spec: { scope: 'Cluster', names: { kind: 'Go' } } }
  const answer = await api.ask('PATCH', `${CRDS}/stays.example.com`, { type: MERGE, body })
  const fields = listAt(answer.body, 'details', 'causes').map((cause) => stringAt(cause, 'field'))
  expect(fields).toEqual(['spec.names.kind', 'spec.scope'])
})

test('a definition remembers in which versions objects were stored, and keeps these', async () => {
  await api.ask('POST', CRDS, { body: definition('moves', 'Move') })
  const path = `${CRDS}/moves.example.com`
  const schema = { openAPIV3Schema: { type: 'object' } }
  const [v1, v2] = ['v1', 'v2'].map((name) => ({ name, served: true, storage: name === 'v2', schema }))
  const moved = await api.ask('PATCH', path, { type: MERGE, body: { spec: { versions: [v1, v2] } } })
  expect(fieldAt(moved.body, 'status', 'storedVersions')).toEqual(['v1', 'v2'])
  const cut = await api.ask('PATCH', path, { type: MERGE, body: { spec: { versions: [v2] } } })
  expect(stringAt(cut.body, 'message')).toContain('v1 was previously a storage version, and must remain')
})

test('columns and scale paths of a definition are held to their forms', async () => {
  const version = {
    name: 'v1',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: { type: 'object' } },
    additionalPrinterColumns: [{ name: 'a', type: 'text', jsonPath: 'spec' }],
    subresources: { scale: { specReplicasPath: 'x', statusReplicasPath: '' } },
  }
  const names = { plural: 'forms', kind: 'Form' }
  const spec = { group: 'example.com', scope: 'Cluster', names, versions: [version], preserveUnknownFields: true }
  const answer = await api.ask('POST', CRDS, { body: { metadata: { name: 'forms.example.com' }, spec } })
  const fields = listAt(answer.body, 'details', 'causes').map((cause) => stringAt(cause, 'field'))
  expect(fields).toEqual([
    'spec.preserveUnknownFields',
    'spec.subresources.scale.specReplicasPath',
    'spec.subresources.scale.statusReplicasPath',
    'spec.additionalPrinterColumns[0].type',
    'spec.additionalPrinterColumns[0].JSONPath',
  ])
})

test('a custom object is held against its schema, pruned and completed by it', async () => {
  const spec = { type: 'object', properties: { size: { type: 'integer' }, mode: { type: 'string', default: 'a' } } }
  const schema = { openAPIV3Schema: { type: 'object', required: ['spec'], properties: { spec } } }
  const versions = [{ name: 'v1', served: true, storage: true, schema }]
  const names = { plural: 'kept', kind: 'Kept' }
  const body = {
    metadata: { name: 'kept.example.com' },
    spec: { group: 'example.com', scope: 'Namespaced', names, versions },
  }
  await api.ask('POST', CRDS, { body })
  const created = await api.ask('POST', inDefault('kept'), {
    body: { metadata: { name: 'one' }, spec: { size: 1, x: 1 } },
  })
  expect(fieldAt(created.body, 'spec')).toEqual({ size: 1, mode: 'a' })
  expect(created.headers['warning']).toContain('spec.x')
  const wrong = await api.ask('PATCH', `${inDefault('kept')}/one`, { type: MERGE, body: { spec: { size: 'x' } } })
  expect(stringAt(wrong.body, 'message')).toContain('spec.size in body must be of type integer: "string"')
})

test('discovery comes as one document, too', async () => {
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'
  const [core, named] = [await api.ask('GET', '/api', { accept }), await api.ask('GET', '/apis', { accept })]
  expect(core.headers['content-type']).toContain('as=APIGroupDiscoveryList')
  expect(listAt(core.body, 'items')).toMatchObject([{ versions: [{ version: 'v1', freshness: 'Current' }] }])
  expect(listAt(named.body, 'items').map((item) => stringAt(item, 'metadata', 'name'))).toContain('apps')
})
