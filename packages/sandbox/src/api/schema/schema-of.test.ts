import { expect, test } from 'vitest'
import { fieldAt } from '../objects/fields.ts'
import { builtinResources } from '../resources/builtin.ts'
import { resourcesOfDefinition } from '../resources/custom.ts'
import { builtinSchema } from './builtin.ts'
import { schemaOf } from './schema-of.ts'

test('the shape of every built-in kind is known', () => {
  const unknown = builtinResources.filter((resource) => schemaOf(resource) === undefined)
  expect(unknown.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`)).toEqual([])
})

test('a type says how its lists are owned and patched', () => {
  const pod = fieldAt(builtinSchema('', 'v1', 'Pod')?.fields['spec'], 'fields')
  expect(fieldAt(pod, 'containers')).toMatchObject({
    listType: 'map',
    keys: ['name'],
    mergeKey: 'name',
    items: { name: 'core.v1.Container', fields: { name: { type: 'string', default: '' } } },
  })
  expect(fieldAt(pod, 'volumes')).toMatchObject({ listType: 'map', mergeKey: 'name', retainsKeys: true })
  expect(fieldAt(pod, 'tolerations')).toMatchObject({ listType: 'atomic', items: { type: 'struct' } })
  expect(fieldAt(pod, 'tolerations', 'mergeKey')).toBeUndefined()
  expect(fieldAt(pod, 'nodeSelector')).toEqual({ type: 'map', values: { type: 'string' }, atomic: true })
  expect(fieldAt(pod, 'containers', 'items', 'fields', 'ports')).toMatchObject({
    keys: ['containerPort', 'protocol'],
    items: { fields: { protocol: { type: 'string', default: 'TCP' }, containerPort: { type: 'integer', default: 0 } } },
  })
})

test('a field may be owned in another way than its type says', () => {
  const volume = builtinSchema('', 'v1', 'PersistentVolume')?.fields['spec']
  expect(fieldAt(volume, 'fields', 'claimRef', 'atomic')).toBe(false)
  const account = builtinSchema('', 'v1', 'ServiceAccount')
  expect(fieldAt(account?.fields['secrets'], 'items', 'atomic')).toBe(true)
})

test('scalars of the metadata add up in a patch', () => {
  const finalizers = fieldAt(builtinSchema('', 'v1', 'Secret')?.fields['metadata'], 'fields', 'finalizers')
  expect(finalizers).toEqual({ type: 'list', items: { type: 'string' }, listType: 'set', mergesScalars: true })
})

test('a type may hold itself', () => {
  const definition = builtinSchema('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition')
  const path = ['fields', 'versions', 'items', 'fields', 'schema', 'fields', 'openAPIV3Schema']
  const properties = fieldAt(definition?.fields['spec'], ...path)
  expect(fieldAt(properties, 'fields', 'not')).toBe(properties)
})

test('a definition gives the shape of its objects, and metadata is what it always is', () => {
  const properties = {
    spec: {
      type: 'object',
      properties: {
        size: { type: 'integer', format: 'int32', default: 1 },
        port: { 'x-kubernetes-int-or-string': true },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        template: { type: 'object', 'x-kubernetes-embedded-resource': true },
        ports: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
        },
      },
    },
  }
  const versions = [{ name: 'v1', served: true, schema: { openAPIV3Schema: { type: 'object', properties } } }]
  const metadata = { name: 'widgets.example.com' }
  const spec = { group: 'example.com', names: { plural: 'widgets', kind: 'Widget' }, versions }
  const [resource] = resourcesOfDefinition({ apiVersion: '', kind: '', metadata, spec })
  const schema = resource && schemaOf(resource)
  expect(schema?.fields['metadata']).toBe(builtinSchema('', 'v1', 'Pod')?.fields['metadata'])
  expect(schema?.fields['spec']).toMatchObject({
    type: 'struct',
    fields: {
      size: { type: 'integer', format: 'int32', default: 1 },
      port: { type: 'int-or-string' },
      labels: { type: 'map', values: { type: 'string' } },
      open: { type: 'struct', preservesUnknown: true },
      template: { type: 'struct', fields: { kind: { type: 'string' }, metadata: { name: 'meta.v1.ObjectMeta' } } },
      ports: { type: 'list', listType: 'map', keys: ['name'], items: { required: ['name'] } },
    },
  })
})
