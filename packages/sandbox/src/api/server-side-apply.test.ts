import { afterAll, beforeAll, expect, test } from 'vitest'
import { fieldAt, listAt, stringAt } from './objects/fields.ts'
import { startTestServer } from './testing/test-server.ts'
import type { Answer, TestServer } from './testing/test-server.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const SECRETS = '/api/v1/namespaces/default/secrets'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
const APPLY = 'application/apply-patch+yaml'
const MERGE = 'application/merge-patch+json'

let api: TestServer

beforeAll(async () => {
  api = await startTestServer()
})

afterAll(async () => {
  await api[Symbol.asyncDispose]()
})

function configMap(name: string, data: unknown, metadata: object = {}): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data }
}

function deployment(name: string, replicas: number | undefined, image = 'a:1'): object {
  const labels = { app: name }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'a', image }] } }
  const spec = { ...(replicas !== undefined && { replicas }), selector: { matchLabels: labels }, template }
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec }
}

function apply(path: string, body: unknown, query = 'fieldManager=one'): Promise<Answer> {
  return api.ask('PATCH', `${path}?${query}`, { type: APPLY, body })
}

/** The managers of an answer, less their times: `one Apply` and what it owns. */
function owners({ body }: Answer): Record<string, unknown> {
  return Object.fromEntries(
    listAt(body, 'metadata', 'managedFields').map((entry) => {
      const of = ['manager', 'operation', 'subresource'].flatMap((field) => stringAt(entry, field) ?? [])
      return [of.join(' '), fieldAt(entry, 'fieldsV1')]
    }),
  )
}

function version({ body }: Answer): unknown {
  return fieldAt(body, 'metadata', 'resourceVersion')
}

test('a configuration makes an object and then changes it', async () => {
  const made = await apply(`${MAPS}/made`, configMap('made', { a: '1', b: '1' }))
  expect(made.status).toBe(201)
  expect(owners(made)).toEqual({ 'one Apply': { 'f:data': { 'f:a': {}, 'f:b': {} } } })
  const changed = await apply(`${MAPS}/made`, configMap('made', { b: '2' }))
  expect(changed.status).toBe(200)
  expect(fieldAt(changed.body, 'data')).toEqual({ b: '2' })
})

test('a configuration in YAML is read as one in JSON', async () => {
  const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yaml}\ndata: {a: "1"}\n'
  expect(fieldAt((await apply(`${MAPS}/yaml`, text)).body, 'data')).toEqual({ a: '1' })
})

test('a configuration that changes nothing writes nothing', async () => {
  const made = await apply(`${DEPLOYMENTS}/same`, deployment('same', 1))
  const again = await apply(`${DEPLOYMENTS}/same`, deployment('same', 1))
  expect(again.body).toEqual(made.body)
})

test('each write says who did it: the field manager, else the program', async () => {
  await api.ask('POST', `${MAPS}?fieldManager=maker`, { body: configMap('who', { a: '1' }) })
  const patched = await api.ask('PATCH', `${MAPS}/who?fieldManager=patcher`, {
    type: MERGE,
    body: { data: { b: '1' } },
  })
  expect(owners(patched)).toEqual({
    'maker Update': { 'f:data': { '.': {}, 'f:a': {} } },
    'patcher Update': { 'f:data': { 'f:b': {} } },
  })
  expect(owners(await api.ask('POST', MAPS, { body: configMap('nobody', { a: '1' }) }))).toHaveProperty(
    'unknown Update',
  )
})

test('defaults are owned by whoever leaves them to the server in an update, and by nobody in an apply', async () => {
  const posted = await api.ask('POST', `${DEPLOYMENTS}?fieldManager=maker`, { body: deployment('posted', 1) })
  const applied = await apply(`${DEPLOYMENTS}/applied`, deployment('applied', 1))
  const strategy = 'f:strategy'
  expect(fieldAt(owners(posted)['maker Update'], 'f:spec', strategy)).toBeDefined()
  expect(fieldAt(owners(applied)['one Apply'], 'f:spec', strategy)).toBeUndefined()
  expect(fieldAt(applied.body, 'spec', 'strategy', 'type')).toBe('RollingUpdate')
})

test('what the server itself adds to an object has no owner', async () => {
  const spec = { ports: [{ port: 80 }], selector: { a: 'b' } }
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'address' }, spec }
  const made = await api.ask('POST', '/api/v1/namespaces/default/services?fieldManager=maker', { body: service })
  expect(fieldAt(made.body, 'spec', 'clusterIP')).toBeDefined()
  const owned = JSON.stringify(fieldAt(owners(made)['maker Update'], 'f:spec'))
  expect(owned).toContain('f:sessionAffinity')
  expect(owned).not.toMatch(/clusterIP|ipFamil/)
})

test('stringData is owned as the data it becomes', async () => {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'text' }, stringData: { a: 'b' } }
  const made = await api.ask('POST', `${SECRETS}?fieldManager=maker`, { body: secret })
  expect(owners(made)['maker Update']).toEqual({ 'f:data': { '.': {}, 'f:a': {} }, 'f:type': {} })
})

test('what another owns is a conflict, until force takes it', async () => {
  await api.ask('POST', `${DEPLOYMENTS}?fieldManager=maker`, { body: deployment('contested', 1) })
  const refused = await apply(`${DEPLOYMENTS}/contested`, deployment('contested', 1, 'b:1'))
  const field = '.spec.template.spec.containers[name="a"].image'
  expect(refused.status).toBe(409)
  expect(refused.body).toMatchObject({
    reason: 'Conflict',
    message: `Apply failed with 1 conflict: conflict with "maker" using apps/v1: ${field}`,
    details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "maker" using apps/v1', field }] },
  })
  const forced = await apply(
    `${DEPLOYMENTS}/contested`,
    deployment('contested', 1, 'b:1'),
    'fieldManager=one&force=true',
  )
  expect(forced.status).toBe(200)
  expect(JSON.stringify(owners(forced)['maker Update'])).not.toContain('f:image"')
})

test('kubectl goes on from client-side apply without a conflict with itself', async () => {
  const last = 'kubectl.kubernetes.io/last-applied-configuration'
  const annotations = { [last]: JSON.stringify(configMap('moved', { a: '1' })) }
  const body = configMap('moved', { a: '1' }, { annotations })
  await api.ask('POST', `${MAPS}?fieldManager=kubectl-client-side-apply`, { body })
  expect((await apply(`${MAPS}/moved`, configMap('moved', { a: '2' }), 'fieldManager=other')).status).toBe(409)
  const moved = await apply(`${MAPS}/moved`, configMap('moved', { a: '2' }), 'fieldManager=kubectl')
  expect(moved.status).toBe(200)
  expect(fieldAt(moved.body, 'metadata', 'annotations', last)).toBe(
    '{"apiVersion":"v1","data":{"a":"2"},"kind":"ConfigMap","metadata":{"name":"moved"}}\n',
  )
})

test('kubectl does not take over what another changed since its client-side apply', async () => {
  const last = 'kubectl.kubernetes.io/last-applied-configuration'
  const annotations = { [last]: JSON.stringify(configMap('set', { a: '1' })) }
  const body = configMap('set', { a: '1' }, { annotations })
  await api.ask('POST', `${MAPS}?fieldManager=kubectl-client-side-apply`, { body })
  await api.ask('PATCH', `${MAPS}/set?fieldManager=kubectl-set`, { type: MERGE, body: { data: { a: '9' } } })
  const refused = await apply(`${MAPS}/set`, configMap('set', { a: '2' }), 'fieldManager=kubectl')
  expect(stringAt(refused.body, 'message')).toContain('conflict with "kubectl-set" using v1: .data.a')
})

test('an object whose managers were cleared is tracked again from its first apply', async () => {
  await api.ask('POST', `${MAPS}?fieldManager=maker`, { body: configMap('cleared', { a: '1' }) })
  const body = { metadata: { managedFields: [{}] } }
  expect(owners(await api.ask('PATCH', `${MAPS}/cleared`, { type: MERGE, body }))).toEqual({})
  expect(owners(await api.ask('PATCH', `${MAPS}/cleared`, { type: MERGE, body: { data: { b: '1' } } }))).toEqual({})
  expect(owners(await apply(`${MAPS}/cleared`, configMap('cleared', { c: '1' })))).toEqual({
    'one Apply': { 'f:data': { 'f:c': {} } },
    'before-first-apply Update': { 'f:data': { '.': {}, 'f:a': {}, 'f:b': {} } },
  })
})

test('a write to /scale is one of its own, and takes the number of replicas from its owner', async () => {
  await apply(`${DEPLOYMENTS}/scaled`, deployment('scaled', 1))
  const scale = `${DEPLOYMENTS}/scaled/scale`
  await api.ask('PATCH', `${scale}?fieldManager=scaler`, { type: MERGE, body: { spec: { replicas: 3 } } })
  const scaled = await api.ask('GET', `${DEPLOYMENTS}/scaled`)
  expect(owners(scaled)['scaler Update scale']).toEqual({ 'f:spec': { 'f:replicas': {} } })
  expect(fieldAt(owners(scaled)['one Apply'], 'f:spec', 'f:replicas')).toBeUndefined()
  const body = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'scaled' }, spec: { replicas: 5 } }
  expect((await apply(scale, body)).body).toMatchObject({
    message:
      'Apply failed with 1 conflict: conflict with "scaler" with subresource "scale" using autoscaling/v1: .spec.replicas',
  })
  expect((await apply(scale, body, 'fieldManager=one&force=true')).body).toMatchObject({ spec: { replicas: 5 } })
})

test.each([
  ['PUT', 'application/json', { spec: { replicas: 1 } }, 400],
  ['PUT', 'application/json', { metadata: { name: 'other' }, spec: { replicas: 1 } }, 400],
  ['PUT', 'application/json', { metadata: { name: 'strict' }, spec: { replicas: 'x' } }, 400],
  ['PATCH', MERGE, { spec: { replicas: 'x' } }, 422],
  ['PATCH', MERGE, { spec: { replicas: -1 } }, 422],
  ['PATCH', MERGE, { metadata: { uid: 'x' } }, 409],
  [
    'PATCH',
    APPLY,
    { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'strict' }, spec: { replicas: 'x' } },
    500,
  ],
])('%s of /scale as %s with %j is refused', async (method, type, body, status) => {
  await api.ask('POST', DEPLOYMENTS, { body: deployment('strict', 1) })
  const query = type === APPLY ? '?fieldManager=one' : ''
  expect((await api.ask(method, `${DEPLOYMENTS}/strict/scale${query}`, { type, body })).status).toBe(status)
  expect(fieldAt((await api.ask('GET', `${DEPLOYMENTS}/strict`)).body, 'spec', 'replicas')).toBe(1)
})

test('annotations of a deployment count as a change of what is wished for, others do not', async () => {
  await api.ask('POST', DEPLOYMENTS, { body: deployment('counted', 1) })
  const body = { metadata: { annotations: { a: 'b' } } }
  const noted = await api.ask('PATCH', `${DEPLOYMENTS}/counted`, { type: MERGE, body })
  expect(fieldAt(noted.body, 'metadata', 'generation')).toBe(2)
  const labelled = { metadata: { labels: { a: 'b' } } }
  const again = await api.ask('PATCH', `${DEPLOYMENTS}/counted`, { type: MERGE, body: labelled })
  expect(fieldAt(again.body, 'metadata', 'generation')).toBe(2)
})

test('a status has its own managers, and who writes the rest does not own it', async () => {
  const body = { ...deployment('stated', 1), status: { replicas: 9 } }
  expect(JSON.stringify(owners(await apply(`${DEPLOYMENTS}/stated`, body)))).not.toContain('f:status')
  const stated = await apply(`${DEPLOYMENTS}/stated/status`, { ...body, status: { replicas: 2 } }, 'fieldManager=two')
  expect(owners(stated)['two Apply status']).toEqual({ 'f:status': { 'f:replicas': {} } })
})

test('a dry run of an apply leaves nothing behind, not even a version', async () => {
  const before = await api.ask('GET', MAPS)
  const made = await apply(`${MAPS}/dry`, configMap('dry', { a: '1' }), 'fieldManager=one&dryRun=All')
  expect([made.status, version(made)]).toEqual([201, undefined])
  expect(version(await api.ask('GET', MAPS))).toBe(version(before))
  expect((await api.ask('GET', `${MAPS}/dry`)).status).toBe(404)
})

test.each([
  ['no field manager', '', configMap('bad', {}), 422, 'fieldManager: Required value: is required for apply patch'],
  ['a long field manager', `fieldManager=${'x'.repeat(129)}`, configMap('bad', {}), 422, 'may not be more than 128'],
  ['another kind', 'fieldManager=one', { ...configMap('bad', {}), kind: 'Secret' }, 400, 'invalid object type: /v1'],
  ['another name', 'fieldManager=one', configMap('good', {}), 400, 'does not match the name on the URL'],
  ['no name', 'fieldManager=one', { apiVersion: 'v1', kind: 'ConfigMap' }, 400, 'name must be provided'],
  ['managers', 'fieldManager=one', configMap('bad', {}, { managedFields: [] }), 400, 'managedFields must be nil'],
  ['a list', 'fieldManager=one', [1], 400, 'cannot unmarshal array'],
  ['an unknown field', 'fieldManager=one', { ...configMap('bad', {}), x: 1 }, 500, '.x: field not declared in schema'],
  ['a wrong type', 'fieldManager=one', configMap('bad', { a: 1 }), 500, '.data.a: expected string'],
])('an apply with %s is refused', async (_, query, body, status, message) => {
  const answer = await apply(`${MAPS}/bad`, body, query)
  expect([answer.status, stringAt(answer.body, 'message')]).toEqual([status, expect.stringContaining(message)])
  expect((await api.ask('GET', `${MAPS}/bad`)).status).toBe(404)
})

test('a custom resource that loses all of a map is refused, as its map would be null', async () => {
  const spec = { type: 'object', properties: { map: { type: 'object', additionalProperties: { type: 'string' } } } }
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } }
  const definition = {
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  }
  await api.ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { body: definition })
  const path = '/apis/example.com/v1/namespaces/default/widgets/one'
  const widget = (map: object): object => ({
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'one' },
    spec: { map },
  })
  expect((await apply(path, widget({ a: '1' }))).status).toBe(201)
  const emptied = await apply(path, widget({}))
  expect(emptied.status).toBe(422)
  expect(stringAt(emptied.body, 'message')).toContain('spec.map in body must be of type object: "null"')
})

test('force is for applies alone', async () => {
  const answer = await api.ask('PATCH', `${MAPS}/any?force=true`, { type: MERGE, body: {} })
  expect(answer.status).toBe(422)
})

test('an apply based on an older version is refused', async () => {
  await apply(`${MAPS}/old`, configMap('old', { a: '1' }))
  expect((await apply(`${MAPS}/old`, configMap('old', { a: '2' }, { resourceVersion: '1' }))).status).toBe(409)
})
