import { readFileSync } from 'node:fs'
import { assert, jsonValue, property } from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { applyDefaults } from '../defaults.ts'
import type { ApiObject } from '../object.ts'
import { fieldAt } from '../objects/fields.ts'
import { applyJsonPatch, applyMergePatch, applyStrategicMergePatch } from './index.ts'
import { mergePatch } from './merge-patch.ts'

/** What Kubernetes 1.34 made of these patches; the last three patches are what `kubectl apply` sent. */
const recorded = z
  .array(
    z.object({
      name: z.string(),
      before: z.looseObject({
        apiVersion: z.string(),
        kind: z.string(),
        metadata: z.looseObject({ name: z.string() }),
      }),
      patch: z.unknown(),
      after: z.unknown(),
    }),
  )
  .parse(JSON.parse(readFileSync(new URL('testdata/strategic.json', import.meta.url), 'utf8')))

test.each(recorded)('strategic merge: $name', ({ before, patch, after }) => {
  const copy = structuredClone(before)
  const patched = applyStrategicMergePatch(before, patch)
  applyDefaults(patched) // the recorded objects have theirs
  expect(patched).toEqual(after)
  expect(before).toEqual(copy)
})

const configMap: ApiObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: '1' } }
const deployment: ApiObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd' },
  spec: { template: { spec: { containers: [{ name: 'x', image: 'x:1' }] } } },
}
const containers = (...items: unknown[]) => ({ spec: { template: { spec: { containers: items } } } })

test.each([
  { what: 'an item without its merge key', patch: containers({ image: 'y' }), code: 500, message: 'merge key: name' },
  { what: 'an unknown directive', patch: { spec: { $patch: 'frob' } }, code: 500, message: 'unknown patch type: frob' },
  { what: '$patch: merge in a list', patch: containers({ name: 'x', $patch: 'merge' }), code: 500, message: 'merging' },
  { what: 'a scalar among objects', patch: containers('x'), code: 500, message: 'not identical' },
  { what: 'a list as patch', patch: [], code: 400, message: 'cannot unmarshal array' },
  { what: 'no name', patch: { metadata: { name: null } }, code: 400, message: 'name must be provided' },
  {
    what: '$retainKeys that leave out a member of the patch',
    patch: { spec: { $retainKeys: ['a'], b: 1 } },
    code: 400,
    message: 'invalid patch format of retainKeys',
  },
  {
    what: 'a list that is not in its $setElementOrder',
    patch: {
      spec: { template: { spec: { '$setElementOrder/containers': [{ name: 'x' }], containers: [{ name: 'z' }] } } },
    },
    code: 500,
    message: "doesn't match $setElementOrder list",
  },
])('strategic merge refuses $what with $code', ({ patch, code, message }) => {
  expect(() => applyStrategicMergePatch(deployment, patch)).toThrow(refusal(code, message))
})

test('a strategic merge of long lists takes as long as reading them', () => {
  const names = Array.from({ length: 20_000 }, (_, index) => ({ name: `n${index}`, image: 'x' }))
  const long: ApiObject = { ...deployment, spec: { template: { spec: { containers: names } } } }
  const order = names.map(({ name }) => ({ name })).reverse()
  const removed = names.slice(0, 10_000).map(({ name }) => ({ name, $patch: 'delete' }))
  const patch = { spec: { template: { spec: { '$setElementOrder/containers': order, containers: removed } } } }
  const merged: unknown = fieldAt(applyStrategicMergePatch(long, patch), 'spec', 'template', 'spec', 'containers')
  expect(merged).toEqual(names.slice(10_000).reverse())
})

test('a strategic merge leaves the kind as it is', () => {
  const { kind, apiVersion } = applyStrategicMergePatch(deployment, { kind: 'Pod', apiVersion: 'v1' })
  expect([kind, apiVersion]).toEqual(['Deployment', 'apps/v1'])
})

test('a JSON patch finds at once that a long list is another', () => {
  const list = Array.from({ length: 20_000 }, (_, index) => ({ index }))
  const object = { ...configMap, list }
  const compare = (value: unknown): unknown => applyJsonPatch(object, [{ op: 'test', path: '/list', value }])
  expect(compare(structuredClone(list))).toEqual(object)
  expect(() => compare(list.toReversed())).toThrow(expect.objectContaining({ code: 422 }))
})

test('a JSON patch takes what is not there for null, and may replace it', () => {
  expect(applyJsonPatch(configMap, [{ op: 'test', path: '/data/b', value: null }])).toEqual(configMap)
  expect(applyJsonPatch(configMap, [{ op: 'replace', path: '/data/b', value: '2' }])['data']).toEqual({
    a: '1',
    b: '2',
  })
  expect(() => applyJsonPatch(configMap, [{ op: 'test', path: '/data/b', value: '2' }])).toThrow(
    expect.objectContaining({ code: 422 }),
  )
})

test('a custom resource has no strategic merge', () => {
  const custom: ApiObject = {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { name: 'i' },
  }
  expect(() => applyStrategicMergePatch(custom, {})).toThrow(
    expect.objectContaining({ code: 415, reason: 'UnsupportedMediaType' }),
  )
})

test('a JSON patch applies all of its operations', () => {
  const operations = [
    { op: 'test', path: '/data/a', value: '1' },
    { op: 'add', path: '/data/b~1c', value: '2' },
    { op: 'move', from: '/data/a', path: '/data/z' },
  ]
  expect(applyJsonPatch(configMap, operations)['data']).toEqual({ 'b/c': '2', z: '1' })
  expect(configMap['data']).toEqual({ a: '1' })
})

test.each([
  { what: 'a failed test', patch: [{ op: 'test', path: '/data/a', value: '2' }], code: 422, reason: 'Invalid' },
  { what: 'a path that is not there', patch: [{ op: 'remove', path: '/data/zz' }], code: 422, reason: 'Invalid' },
  { what: 'an unknown operation', patch: [{ op: 'frob', path: '/data/a' }], code: 422, reason: 'Invalid' },
  { what: 'a pointer without a slash', patch: [{ op: 'add', path: 'data', value: 1 }], code: 422, reason: 'Invalid' },
  { what: 'an object', patch: { op: 'add' }, code: 400, reason: 'BadRequest' },
  { what: 'a missing name', patch: [{ op: 'remove', path: '/metadata/name' }], code: 400, reason: 'BadRequest' },
])('a JSON patch is refused for $what with $code', ({ patch, code, reason }) => {
  expect(() => applyJsonPatch(configMap, patch)).toThrow(expect.objectContaining({ code, reason }))
})

test.each(['/metadata/toString/zzz', '/metadata/name/at/zzz', '/spec/list/push/zzz', '/spec/deep/constructor/zzz'])(
  'a JSON patch cannot reach what the document does not have: %s',
  (path) => {
    const object = { ...configMap, spec: { list: [1], deep: { constructor: {} } } }
    for (const op of ['add', 'replace', 'test', 'remove']) {
      expect(() => applyJsonPatch(object, [{ op, path, value: 1 }])).toThrow(expect.objectContaining({ code: 422 }))
    }
    const inherited = [{}, [], new String('')].flatMap((value) => {
      return ['toString', 'at', 'push', 'constructor'].map((name): unknown => Reflect.get(value, name))
    })
    const written = inherited.flatMap((one) => (typeof one === 'function' ? Object.keys(one) : []))
    expect(written).toEqual([])
  },
)

test.each(['/metadata/toString', '/data/constructor', '/spec/list/9', '/spec/list/length'])(
  'a JSON patch cannot copy or move what the document does not have: %s',
  (from) => {
    const object = { ...configMap, spec: { list: [1] } }
    for (const op of ['copy', 'move']) {
      expect(() => applyJsonPatch(object, [{ op, from, path: '/data/x' }])).toThrow(
        expect.objectContaining({ code: 422 }),
      )
    }
  },
)

test('a JSON patch may use any name as the last of a path, and none to become its own child', () => {
  expect(applyJsonPatch(configMap, [{ op: 'add', path: '/data/constructor', value: 'x' }])['data']).toEqual({
    a: '1',
    constructor: 'x',
  })
  expect(() => applyJsonPatch(configMap, [{ op: 'move', from: '/data', path: '/data/in' }])).toThrow(
    expect.objectContaining({ code: 422 }),
  )
})

test('a JSON patch that copies its copies is refused before it fills the memory', () => {
  const copies = Array.from({ length: 64 }, (_, index) => ({ op: 'copy', from: '/data', path: `/data/${index}` }))
  expect(() => applyJsonPatch(configMap, copies)).toThrow(expect.objectContaining({ code: 422 }))
})

test.each([
  { what: 'a list', patch: [1], message: 'cannot unmarshal array' },
  { what: 'a string', patch: 'x', message: 'cannot unmarshal string' },
])('a merge patch that is $what is refused with 400', ({ patch, message }) => {
  expect(() => applyMergePatch(configMap, patch)).toThrow(refusal(400, message))
})

// The examples of RFC 7396, appendix A.
test.each([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('merging %j with %j gives %j', (target, patch, merged) => {
  expect(mergePatch(target, patch)).toEqual(merged)
})

test('a merge patch that sets every member to its value changes nothing, and applied twice it changes nothing more', () => {
  const withoutNulls = jsonValue().filter((value) => !JSON.stringify(value).includes('null'))
  assert(
    property(withoutNulls, jsonValue(), (target, patch) => {
      expect(mergePatch(target, target)).toEqual(target)
      const once = mergePatch(target, patch)
      expect(mergePatch(once, patch)).toEqual(once)
    }),
  )
})

test('a patch cannot reach the prototype of an object', () => {
  const patch: unknown = JSON.parse('{"data": {"__proto__": {"polluted": "yes"}}}')
  for (const apply of [applyMergePatch, applyStrategicMergePatch]) {
    const data: unknown = apply(configMap, patch)['data']
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype)
    expect(JSON.stringify(data)).toBe('{"a":"1","__proto__":{"polluted":"yes"}}')
  }
})

function refusal(code: number, message: string): unknown {
  const containing: unknown = expect.stringContaining(message)
  return expect.objectContaining({ code, message: containing })
}
