import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import type { ApiObject } from '../object.ts'
import { isApiObject } from '../objects/fields.ts'
import { completeDefinition } from '../resources/custom.ts'
import { validateDefinition } from './definition.ts'
import { validateStructuralSchema } from './structural-schema.ts'

const text = { type: 'string' }
const typeMissing = 'properties[a].type: Required value: must not be empty for specified object fields'

test.each<[object, string]>([
  [{}, typeMissing],
  [
    { type: 'foo' },
    'properties[a].type: Unsupported value: "foo": supported values: "array", "boolean", "integer", "number", "object", "string"',
  ],
  [{ type: 'array' }, 'properties[a].items: Required value: must be specified'],
  [
    { type: 'object', properties: { b: text }, additionalProperties: text },
    'properties[a].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive',
  ],
  [
    { ...text, default: 5 },
    'properties[a].default: Invalid value: "integer":  in body must be of type string: "integer"',
  ],
  [
    { ...text, pattern: '(' },
    `properties[a].pattern: Invalid value: "(": must be a valid regular expression, but isn't`,
  ],
  [
    { ...text, anyOf: [{ ...text, minLength: 1 }] },
    'properties[a].anyOf[0].type: Forbidden: must be empty to be structural',
  ],
  [
    { type: 'array', uniqueItems: true, items: text },
    'properties[a].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
  ],
  [{ $ref: 'x' }, 'properties[a].$ref: Forbidden: $ref is not supported'],
  [
    { type: 'array', 'x-kubernetes-list-type': 'map', items: { type: 'object' } },
    'properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map',
  ],
  [
    {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['n'],
      items: { type: 'object', properties: { n: text } },
    },
    'properties[a].items.properties[n].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
  ],
])('%j is not structural, and said to be so in the words of the API server', (a, fault) => {
  const causes = validateStructuralSchema({ type: 'object', properties: { a } }, 'schema')
  expect(causes.map(({ field, message }) => `${field}: ${message}`)).toEqual([`schema.${fault}`])
})

test('the root is an object, whose metadata is not described', () => {
  expect(validateStructuralSchema({}, 'schema')).toMatchObject([
    { message: 'Required value: must not be empty at the root' },
  ])
  const metadata = { type: 'object', properties: { labels: { type: 'object' } } }
  expect(validateStructuralSchema({ type: 'object', properties: { metadata } }, 'schema')).toMatchObject([
    { reason: 'FieldValueForbidden', field: 'schema.properties[metadata]' },
  ])
})

test.each([
  { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
  { 'x-kubernetes-preserve-unknown-fields': true },
  { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
  { type: 'object', properties: { b: text }, oneOf: [{ required: ['b'] }, { properties: { b: { minLength: 1 } } }] },
])('%j is structural', (a) => {
  expect(validateStructuralSchema({ type: 'object', properties: { a } }, 'schema')).toEqual([])
})

const FIXTURES = join(import.meta.dirname, '..', '..', '..', '..', '..', '..', 'shared', 'fixtures', 'crds')

test('the definitions of the real projects are accepted', ({ skip }) => {
  skip(!existsSync(FIXTURES), 'needs ../shared')
  const definitions = readdirSync(FIXTURES).map((file) => definitionIn(join(FIXTURES, file)))
  expect(definitions.length).toBeGreaterThan(10)
  expect(definitions.flatMap((definition) => validateDefinition(definition))).toEqual([])
})

function definitionIn(file: string): ApiObject {
  const parsed: unknown = parse(readFileSync(file, 'utf8'))
  if (!isApiObject(parsed)) throw new Error(`${file} holds no object`)
  completeDefinition(parsed)
  return parsed
}
