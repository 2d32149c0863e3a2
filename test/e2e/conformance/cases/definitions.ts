import type { ConformanceCase, ServerUnderTest } from '../case.ts'
import { asRecord, fieldAt, listAt } from '../fields.ts'

export const area = 'definitions (CustomResourceDefinition)'

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const MERGE = 'application/merge-patch+json'
const text = { type: 'string' }
const either = [{ required: ['a'] }, { required: ['b'] }]

/** One of everything that a schema can say of a field. */
const PROPERTIES = {
  size: { type: 'integer', minimum: 1, maximum: 5, description: 'How many.' },
  name: { ...text, maxLength: 3, pattern: '^a', default: 'abc' },
  mode: { ...text, enum: ['A', 'B'] },
  list: { type: 'array', minItems: 1, maxItems: 2, items: text },
  open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  port: { 'x-kubernetes-int-or-string': true },
  maybe: { ...text, nullable: true },
  map: { type: 'object', additionalProperties: { type: 'integer' }, maxProperties: 2 },
  embedded: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
  one: { type: 'object', properties: { a: text, b: text }, oneOf: either },
  any: { type: 'object', properties: { a: text, b: text }, anyOf: either },
  none: { type: 'object', properties: { a: text }, not: { required: ['a'] } },
  all: { ...text, allOf: [{ minLength: 2 }, { pattern: '^z' }] },
  at: { ...text, format: 'date-time' },
  bytes: { ...text, format: 'byte' },
  above: { type: 'number', minimum: 0, exclusiveMinimum: true },
  flag: { type: 'boolean' },
  set: { type: 'array', 'x-kubernetes-list-type': 'set', items: text },
  byName: {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    items: { type: 'object', required: ['name'], properties: { name: text, weight: { type: 'integer', default: 7 } } },
  },
  replicas: { type: 'integer' },
}

const SCHEMA = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: { type: 'object', required: ['size'], properties: PROPERTIES },
    status: { type: 'object', properties: { ready: { type: 'boolean' }, replicas: { type: 'integer' } } },
  },
}

const VERSION = {
  name: 'v1',
  served: true,
  storage: true,
  schema: { openAPIV3Schema: SCHEMA },
  subresources: {
    status: {},
    scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
  },
  additionalPrinterColumns: [
    { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
    { name: 'Ready', type: 'boolean', jsonPath: '.status.ready', priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
}

function groupOf({ namespace }: ServerUnderTest): string {
  return `${namespace}.example.com`
}

function definition(server: ServerUnderTest, spec: object = {}): object {
  const names = { plural: 'widgets', kind: 'Widget', shortNames: ['wd'], categories: ['all'] }
  const versions = [VERSION]
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${groupOf(server)}` },
    spec: { group: groupOf(server), scope: 'Namespaced', names, versions, ...spec },
  }
}

function pathOf(server: ServerUnderTest, version = 'v1'): string {
  return `/apis/${groupOf(server)}/${version}/namespaces/${server.namespace}/widgets`
}

/** Defines widgets, waits until they are served, and says where they are. */
async function define(server: ServerUnderTest, spec: object = {}): Promise<string> {
  await server.prepare({ method: 'POST', path: DEFINITIONS, body: definition(server, spec) })
  const path = pathOf(server)
  const nothing = (): undefined => undefined
  await server.until({ method: 'GET', path, compared: nothing }, ({ status }) => status === 200)
  return path
}

function widget(server: ServerUnderTest, name: string, spec: object, more: object = {}): object {
  return { apiVersion: `${groupOf(server)}/v1`, kind: 'Widget', metadata: { name }, spec, ...more }
}

/** Specs that the schema refuses, each for one reason: where there are more, Kubernetes names them in any order. */
const FAULTY: readonly object[] = [
  {},
  { size: 'x' },
  { size: 1.5 },
  { size: 0 },
  { size: 9 },
  { size: 1, name: 'abcd' },
  { size: 1, name: 'b' },
  { size: 1, name: { a: 1 } },
  { size: 1, mode: 'C' },
  { size: 1, list: [] },
  { size: 1, list: ['a', 'b', 'c'] },
  { size: 1, list: [null] },
  { size: 1, list: 'x' },
  { size: 1, open: [] },
  { size: 1, port: true },
  { size: 1, port: 1.5 },
  { size: 1, maybe: 5 },
  { size: 1, map: { a: 'b' } },
  { size: 1, map: { a: 1, b: 2, c: 3 } },
  { size: 1, embedded: { a: 1 } },
  { size: 1, embedded: { apiVersion: 'a/b/c', kind: 'x y' } },
  { size: 1, one: {} },
  { size: 1, one: { a: '', b: '' } },
  { size: 1, any: {} },
  { size: 1, none: { a: '' } },
  { size: 1, all: 'z' },
  { size: 1, all: 'a' },
  { size: 1, at: 'x' },
  { size: 1, bytes: '%%' },
  { size: 1, above: 0 },
  { size: 1, flag: 'true' },
  { size: 1, set: ['b', 'b', 'b'] },
  { size: 1, byName: [{ name: 'a' }, { name: 'b' }, { name: 'a' }] },
  { size: 1, byName: [{}] },
]

/** Schemas of a field that are not structural. */
const NOT_STRUCTURAL: readonly object[] = [
  {},
  { type: 'foo' },
  { type: 'array' },
  { type: 'object', properties: { b: text }, additionalProperties: text },
  { ...text, default: 5 },
  { ...text, anyOf: [{ ...text, minLength: 1 }] },
  { anyOf: [text] },
  { type: 'array', uniqueItems: true, items: text },
  { $ref: 'x' },
  { type: 'array', 'x-kubernetes-list-type': 'map', items: { type: 'object' } },
  {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['n'],
    items: { type: 'object', properties: { n: text } },
  },
  { 'x-kubernetes-embedded-resource': true },
]

function versionWith(schema: object): object {
  return { versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }] }
}

export const cases: readonly ConformanceCase[] = [
  {
    title: 'a definition is completed, accepted and established',
    async run(server) {
      const path = `${DEFINITIONS}/widgets.${groupOf(server)}`
      const compared = (body: unknown): unknown => [fieldAt(body, 'metadata'), fieldAt(body, 'spec')]
      await server.send({ method: 'POST', path: DEFINITIONS, body: definition(server), compared })
      const isEstablished = (body: unknown): boolean => {
        const conditions = listAt(body, 'status', 'conditions')
        return conditions.some((one) => fieldAt(one, 'type') === 'Established' && fieldAt(one, 'status') === 'True')
      }
      await server.until({ method: 'GET', path }, ({ body }) => isEstablished(body))
    },
  },
  {
    title: 'a definition with wrong names, group, scope or versions is refused',
    async run(server) {
      const path = `${DEFINITIONS}?dryRun=All`
      const names = { plural: 'widgets', kind: 'wid_get', singular: 'W_', shortNames: ['X'], listKind: 'wid_get' }
      for (const spec of [
        { group: 'apps' },
        { group: '' },
        { scope: 'Everywhere' },
        { scope: undefined },
        { names: { plural: '', kind: '' } },
        { names },
        { versions: [] },
        { versions: [{ name: 'v1', served: true, storage: true }] },
      ])
        await server.send({ method: 'POST', path, body: definition(server, spec) })
      const others = { ...definition(server), metadata: { name: `gadgets.${groupOf(server)}` } }
      await server.send({ method: 'POST', path, body: others })
    },
  },
  {
    title: 'a schema that is not structural is refused',
    async run(server) {
      const send = (schema: object): Promise<unknown> => {
        return server.send({
          method: 'POST',
          path: `${DEFINITIONS}?dryRun=All`,
          body: definition(server, versionWith(schema)),
        })
      }
      for (const field of NOT_STRUCTURAL) await send({ type: 'object', properties: { field } })
      for (const root of [
        {},
        { type: 'array' },
        { type: 'object', properties: { metadata: { type: 'object', properties: { x: text } } } },
      ])
        await send(root)
    },
  },
  {
    title: 'a definition keeps its group, names and scope',
    async run(server) {
      await define(server)
      const path = `${DEFINITIONS}/widgets.${groupOf(server)}`
      for (const spec of [{ scope: 'Cluster' }, { names: { kind: 'Gadget' } }])
        await server.send({ method: 'PATCH', path, body: { spec }, contentType: MERGE })
    },
  },
  {
    title: 'columns and subresources of a definition are held to their forms',
    async run(server) {
      const path = `${DEFINITIONS}?dryRun=All`
      const columns = [{ name: 'a', type: 'text', jsonPath: 'spec' }]
      const scale = { specReplicasPath: 'x', statusReplicasPath: '' }
      for (const faulty of [{ additionalPrinterColumns: columns }, { subresources: { scale } }])
        await server.send({ method: 'POST', path, body: definition(server, { versions: [{ ...VERSION, ...faulty }] }) })
      const other = { ...VERSION, name: 'v2', storage: false, additionalPrinterColumns: columns }
      await server.send({ method: 'POST', path, body: definition(server, { versions: [VERSION, other] }) })
      const body = definition(server, { preserveUnknownFields: true, ...versionWith({ type: 'object' }) })
      await server.send({ method: 'POST', path, body })
    },
  },
  {
    title: 'a definition remembers the versions in which objects were stored',
    async run(server) {
      await define(server)
      const path = `${DEFINITIONS}/widgets.${groupOf(server)}`
      const compared = (body: unknown): unknown => fieldAt(body, 'status', 'storedVersions') ?? body
      const change = { method: 'PATCH', path, contentType: MERGE, compared } as const
      const [v1, v2] = [
        { ...VERSION, storage: false },
        { ...VERSION, name: 'v2' },
      ]
      await server.send({ ...change, body: { spec: { versions: [v1, v2] } } })
      await server.send({ ...change, body: { spec: { versions: [v2] } } })
      await server.send({ ...change, path: `${path}/status`, body: { status: { storedVersions: ['v2'] } } })
      await server.send({ ...change, body: { spec: { versions: [v2] } } })
    },
  },
  {
    title: 'versions of a definition are the same objects under other names',
    async run(server) {
      const v2 = { ...VERSION, name: 'v2', storage: false }
      const path = await define(server, { versions: [VERSION, v2] })
      await server.prepare({ method: 'POST', path, body: widget(server, 'one', { size: 1 }) })
      await server.until({ method: 'GET', path: `${pathOf(server, 'v2')}/one` }, ({ status }) => status === 200)
    },
  },
  {
    title: 'a custom object without a fault is stored',
    async run(server) {
      const path = await define(server)
      const spec = {
        size: 2,
        mode: 'A',
        list: ['a'],
        port: 'http',
        map: { a: 1 },
        one: { a: 'x' },
        any: { b: 'y' },
        none: {},
        all: 'zz',
        at: '2026-01-01T00:00:00Z',
        bytes: 'aGk=',
        above: 0.5,
        set: ['a', 'b'],
        embedded: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', foo: 1 }, spec: { any: 'thing' } },
      }
      await server.send({ method: 'POST', path, body: widget(server, 'one', spec) })
      await server.send({ method: 'GET', path: `${path}/one` })
      await server.send({ method: 'GET', path, compared: (body) => [fieldAt(body, 'kind'), fieldAt(body, 'items')] })
    },
  },
  {
    title: 'a whole list of custom objects says that nothing is to be continued',
    async run(server) {
      const path = await define(server)
      await server.send({ method: 'GET', path })
    },
  },
  {
    title: 'a custom object that its schema refuses is told what is wrong',
    async run(server) {
      const path = await define(server, { versions: [{ ...VERSION, subresources: { status: {} } }] })
      for (const spec of FAULTY) await server.send({ method: 'POST', path, body: widget(server, 'one', spec) })
      const { spec: _, ...nothing } = { spec: {}, ...widget(server, 'one', {}) }
      await server.send({ method: 'POST', path, body: nothing })
      await server.send({ method: 'POST', path, body: widget(server, 'one', []) })
    },
  },
  {
    title: 'unknown fields are pruned, except where the schema keeps them, and defaults fill in',
    async run(server) {
      const path = await define(server)
      const spec = {
        size: 1,
        foo: 1,
        open: { any: { thing: null } },
        byName: [{ name: 'a', bar: 1 }],
        maybe: null,
        mode: null,
      }
      await server.send({ method: 'POST', path, body: widget(server, 'one', spec, { other: 1 }), warnings: true })
      const strict = `${path}?fieldValidation=Strict`
      await server.send({ method: 'POST', path: strict, body: widget(server, 'two', spec, { other: 1 }) })
      await server.send({ method: 'PATCH', path: `${path}/one`, body: { spec: { name: null } }, contentType: MERGE })
      const metadata = { name: 'two', labels: { a: 5 } }
      await server.send({ method: 'POST', path, body: widget(server, 'two', { size: 1 }, { metadata }) })
    },
  },
  {
    title: 'the status of a custom object is written by itself',
    async run(server) {
      const path = await define(server)
      const body = widget(server, 'one', { size: 1 }, { status: { ready: true } })
      await server.send({ method: 'POST', path, body })
      for (const patch of [
        { status: { ready: true, foo: 1 }, spec: { size: 4 } },
        { status: { ready: 'x' } },
        { status: { ready: false }, metadata: { labels: { a: 'b' } } },
      ])
        await server.send({ method: 'PATCH', path: `${path}/one/status`, body: patch, contentType: MERGE })
      await server.send({ method: 'PATCH', path: `${path}/one`, body: { status: { ready: true } }, contentType: MERGE })
    },
  },
  {
    title: 'a custom object is scaled where its definition says so',
    async run(server) {
      const path = await define(server)
      await server.send({ method: 'POST', path, body: widget(server, 'one', { size: 1, replicas: 2 }) })
      await server.send({ method: 'GET', path: `${path}/one/scale` })
      const body = { spec: { replicas: 3 } }
      await server.send({ method: 'PATCH', path: `${path}/one/scale`, body, contentType: MERGE })
      await server.send({ method: 'GET', path: `${path}/one` })
    },
  },
  {
    title: 'a custom object is replaced only at the version that was read',
    async run(server) {
      const path = await define(server)
      const { body } = await server.send({ method: 'POST', path, body: widget(server, 'one', { size: 1 }) })
      await server.send({ method: 'PUT', path: `${path}/one`, body: widget(server, 'one', { size: 2 }) })
      const resourceVersion = fieldAt(body, 'metadata', 'resourceVersion')
      const based = { ...widget(server, 'one', { size: 2 }), metadata: { name: 'one', resourceVersion } }
      await server.send({ method: 'PUT', path: `${path}/one`, body: based })
      await server.send({ method: 'PUT', path: `${path}/one`, body: based })
    },
  },
  {
    title: 'printer columns are those of the definition',
    async run(server) {
      const path = await define(server)
      await server.prepare({ method: 'POST', path, body: widget(server, 'one', { size: 3 }) })
      const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
      // What a column is for, Kubernetes explains at length.
      const compared = (body: unknown): unknown => ({
        columns: listAt(body, 'columnDefinitions').map((column) => ({ ...asRecord(column), description: '' })),
        rows: fieldAt(body, 'rows'),
      })
      await server.send({ method: 'GET', path, accept, compared })
    },
  },
  {
    title: 'a custom object has no strategic merge patch',
    async run(server) {
      const path = await define(server)
      await server.prepare({ method: 'POST', path, body: widget(server, 'one', { size: 3 }) })
      const contentType = 'application/strategic-merge-patch+json'
      await server.send({ method: 'PATCH', path: `${path}/one`, body: { spec: { size: 2 } }, contentType })
    },
  },
  {
    title: 'the OpenAPI document of a definition describes its fields',
    async run(server) {
      await define(server)
      const path = `/openapi/v3/apis/${groupOf(server)}/v1`
      const name = `com.example.${server.namespace}.v1.Widget`
      const spec = (body: unknown): unknown => fieldAt(body, 'components', 'schemas', name, 'properties', 'spec')
      // Kubernetes explains what stands in every object.
      const compared = (body: unknown): unknown => JSON.parse(JSON.stringify(spec(body) ?? null, unexplained))
      await server.until({ method: 'GET', path, compared }, ({ body }) => spec(body) !== undefined)
    },
  },
  {
    title: 'a custom object that does not say its kind is refused',
    differs: 'The sandbox takes kind and version from the path, as both do for built-in kinds.',
    async run(server) {
      const path = await define(server)
      await server.send({ method: 'POST', path, body: { metadata: { name: 'one' }, spec: { size: 1 } } })
    },
  },
  {
    title: 'the objects of a definition go with it',
    async run(server) {
      const path = await define(server)
      await server.prepare({ method: 'POST', path, body: widget(server, 'one', { size: 3 }) })
      const own = `${DEFINITIONS}/widgets.${groupOf(server)}`
      await server.prepare({ method: 'DELETE', path: own })
      await server.until({ method: 'GET', path: own }, ({ status }) => status === 404)
      await server.until({ method: 'GET', path: `${path}/one` }, ({ status }) => status === 404)
    },
  },
]

function unexplained(key: string, value: unknown): unknown {
  return key === 'description' ? undefined : value
}
