import { expect, test } from 'vitest'
import { decodeCustom } from './decode-custom.ts'
import { structuralSchema } from './structural.ts'

const item = { type: 'object', properties: { name: { type: 'string' }, weight: { type: 'integer', default: 7 } } }
const schema = structuralSchema({
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        size: { type: 'integer' },
        mode: { type: 'string', default: 'a' },
        maybe: { type: 'string', nullable: true },
        items: { type: 'array', items: item },
        byName: { type: 'object', additionalProperties: item },
        nested: { type: 'object', default: {}, properties: { on: { type: 'boolean', default: true } } },
        open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { inner: item } },
        pod: { type: 'object', 'x-kubernetes-embedded-resource': true },
      },
    },
  },
})

function decode(spec: object, metadata: object = {}): { spec: unknown; unknown: string[] } {
  const unknown: string[] = []
  const object = { apiVersion: 'example.com/v1', kind: 'Widget', metadata, spec }
  decodeCustom(object, schema, unknown)
  return { spec: object.spec, unknown }
}

test('unknown fields go, except where the schema keeps them', () => {
  const { spec, unknown } = decode({
    zoo: 1,
    items: [{ name: 'a', foo: 1 }],
    open: { any: { thing: null }, inner: { foo: 1 } },
    nested: {},
  })
  expect(unknown).toEqual(['spec.items[0].foo', 'spec.open.inner.foo', 'spec.zoo'])
  expect(spec).toMatchObject({ items: [{ name: 'a' }], open: { any: { thing: null }, inner: {} } })
})

test('defaults stand for what is missing or null, inside of defaults and of items, too', () => {
  const { spec } = decode({ mode: null, items: [{}], byName: { a: { weight: 1 }, b: {} } })
  expect(spec).toEqual({
    mode: 'a',
    items: [{ weight: 7 }],
    byName: { a: { weight: 1 }, b: { weight: 7 } },
    nested: { on: true },
  })
})

test('nulls go where none may be', () => {
  expect(decode({ size: null, maybe: null, mode: 'b', nested: { on: false } }).spec).toEqual({
    maybe: null,
    mode: 'b',
    nested: { on: false },
  })
})

test('metadata is read as that of built-in kinds, also in embedded objects', () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', foo: 1 } }
  expect(decode({ pod, size: { a: 1 } }, { bar: 1 }).unknown).toEqual([
    'spec.size.a',
    'metadata.bar',
    'spec.pod.metadata.foo',
  ])
  expect(() => decode({}, { labels: { a: 5 } })).toThrow(
    'json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string',
  )
})

test('unknown fields may be very many', () => {
  const many = Array.from({ length: 300_000 }, (_, index) => [`x${index}`, 1] as const)
  expect(decode(Object.fromEntries(many)).unknown).toHaveLength(many.length)
})
