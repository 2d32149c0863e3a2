import { expect, test } from 'vitest'
import { validateCustom, validateCustomStatus } from './validate-custom.ts'

const text = { type: 'string' }
const either = [{ required: ['a'] }, { required: ['b'] }]
const properties = {
  size: { type: 'integer', minimum: 1, maximum: 5 },
  name: { ...text, maxLength: 3, pattern: '^a' },
  mode: { ...text, enum: ['A', 'B'] },
  list: { type: 'array', minItems: 1, maxItems: 2, items: text },
  port: { 'x-kubernetes-int-or-string': true },
  maybe: { ...text, nullable: true },
  map: { type: 'object', additionalProperties: { type: 'integer' }, maxProperties: 2 },
  pod: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
  one: { type: 'object', properties: { a: text, b: text }, oneOf: either },
  any: { type: 'object', properties: { a: text, b: text }, anyOf: either },
  none: { type: 'object', properties: { a: text }, not: { required: ['a'] } },
  all: { ...text, allOf: [{ minLength: 2 }, { pattern: '^z' }] },
  at: { ...text, format: 'date-time' },
  bytes: { ...text, format: 'byte' },
  odd: { ...text, format: 'odd' },
  above: { type: 'number', minimum: 0, exclusiveMinimum: true },
  set: { type: 'array', 'x-kubernetes-list-type': 'set', items: text },
  byName: {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    items: { type: 'object', required: ['name'], properties: { name: text } },
  },
}
const spec = { type: 'object', required: ['size'], properties }
const status = { type: 'object', properties: { ready: { type: 'boolean' } } }
const schema = { type: 'object', required: ['spec'], properties: { spec, status } }

/** `field: message` of each cause, as a 422 of the API server lists them. */
function faultsOf(fields: object): string[] {
  return validateCustom({ spec: { size: 1, ...fields } }, schema).map(({ field, message }) => `${field}: ${message}`)
}

test.each<[object, string[]]>([
  [{ size: 'x' }, ['spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"']],
  [{ size: 1.5 }, ['spec.size: Invalid value: "number": spec.size in body must be of type integer: "number"']],
  [{ size: 0 }, ['spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1']],
  [{ size: 9 }, ['spec.size: Invalid value: 9: spec.size in body should be less than or equal to 5']],
  [{ name: 'abcd' }, ['spec.name: Too long: may not be more than 3 bytes']],
  [{ name: 'b' }, [`spec.name: Invalid value: "b": spec.name in body should match '^a'`]],
  [{ mode: 'C' }, ['spec.mode: Unsupported value: "C": supported values: "A", "B"']],
  [{ list: [] }, ['spec.list: Invalid value: 0: spec.list in body should have at least 1 items']],
  [{ list: ['a', 'b', 'c'] }, ['spec.list: Too many: 3: must have at most 2 items']],
  [{ list: [null] }, ['spec.list[0]: Invalid value: "null": spec.list[0] in body must be of type string: "null"']],
  [
    { port: true },
    ['spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"'],
  ],
  [{ maybe: 5 }, ['spec.maybe: Invalid value: "integer": spec.maybe in body must be of type string: "integer"']],
  [{ map: { a: 'b' } }, ['spec.map.a: Invalid value: "string": spec.map.a in body must be of type integer: "string"']],
  [{ map: { a: 1, b: 2, c: 3 } }, ['spec.map: Too many: 3: must have at most 2 items']],
  [{ name: 'bcde' }, ['spec.name: Too long: may not be more than 3 bytes']],
  [
    { pod: { apiVersion: 'a/b/c', kind: 'Pod' } },
    ['spec.pod.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c'],
  ],
  [{ pod: { a: 1 } }, ['spec.pod.apiVersion: Required value', 'spec.pod.kind: Required value']],
  [
    { one: {} },
    [
      '<nil>: Invalid value: "": "spec.one" must validate one and only one schema (oneOf). Found none valid',
      'spec.one.a: Required value',
    ],
  ],
  [
    { one: { a: '', b: '' } },
    ['<nil>: Invalid value: "": "spec.one" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
  ],
  [
    { any: {} },
    ['<nil>: Invalid value: "": "spec.any" must validate at least one schema (anyOf)', 'spec.any.a: Required value'],
  ],
  [{ none: { a: '' } }, ['<nil>: Invalid value: "": "spec.none" must not validate the schema (not)']],
  [
    { all: 'z' },
    [
      'spec.all: Invalid value: "z": spec.all in body should be at least 2 chars long',
      '<nil>: Invalid value: "": "spec.all" must validate all the schemas (allOf)',
    ],
  ],
  [
    { all: 'a' },
    [
      'spec.all: Invalid value: "a": spec.all in body should be at least 2 chars long',
      `spec.all: Invalid value: "a": spec.all in body should match '^z'`,
      '<nil>: Invalid value: "": "spec.all" must validate all the schemas (allOf). None validated',
    ],
  ],
  [{ at: 'x' }, ['spec.at: Invalid value: "x": spec.at in body must be of type date-time: "x"']],
  [{ bytes: '%%' }, ['spec.bytes: Invalid value: "%%": spec.bytes in body must be of type byte: "%%"']],
  [{ above: 0 }, ['spec.above: Invalid value: 0: spec.above in body should be greater than 0']],
  [{ set: ['b', 'b', 'b'] }, ['spec.set[1]: Duplicate value: "b"']],
  [{ byName: [{ name: 'a' }, { name: 'b' }, { name: 'a' }] }, ['spec.byName[2]: Duplicate value: {"name":"a"}']],
  [{ byName: [{}] }, ['spec.byName[0].name: Required value']],
])('%j is refused in the words of the API server', (fields, faults) => {
  expect(faultsOf(fields)).toEqual(faults)
})

test.each([
  { maybe: null, port: 80, list: ['a'], map: { a: 1 }, one: { a: 'x' }, any: { b: 'y' }, none: {}, all: 'zz' },
  { port: 'http', at: '2026-01-01T00:00:00Z', bytes: 'aGk=', odd: 'anything', above: 0.5, set: ['a', 'b'] },
  { pod: { apiVersion: 'v1', kind: 'Pod' }, mode: 'A', name: 'abc', byName: [{ name: 'a' }, { name: 'b' }] },
])('%j is fine', (fields) => {
  expect(faultsOf(fields)).toEqual([])
})

test('what must be there is missed', () => {
  expect(validateCustom({}, schema)).toEqual([
    { reason: 'FieldValueRequired', message: 'Required value', field: 'spec' },
  ])
})

test('messages about a status that is written by itself begin below it', () => {
  expect(validateCustomStatus({ ready: 'x' }, schema)).toEqual([
    {
      reason: 'FieldValueTypeInvalid',
      message: 'Invalid value: "string": ready in body must be of type boolean: "string"',
      field: 'status.ready',
    },
  ])
  expect(validateCustomStatus(undefined, schema)).toEqual([])
})
