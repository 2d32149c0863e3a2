import {
  anything,
  array,
  assert,
  boolean,
  constant,
  dictionary,
  double,
  integer,
  oneof,
  property,
  record,
  string,
} from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { expect, test } from 'vitest'
import { isRecord } from '../objects/fields.ts'
import { builtinSchema } from './builtin.ts'
import { decodeStruct } from './decode.ts'
import { DecodeError } from './place.ts'
import type { Schema, StructSchema } from './schema.ts'

/** Values of a type, a few levels deep: types hold themselves. */
function valuesOf(schema: Schema, depth: number): Arbitrary<unknown> {
  switch (schema.type) {
    case 'struct':
      return depth === 0 ? constant({}) : fieldsOf(schema, depth)
    case 'list':
      return array(valuesOf(schema.items, depth - 1), { maxLength: depth > 0 ? 2 : 0 })
    case 'map':
      return dictionary(string(), valuesOf(schema.values, depth - 1), { maxKeys: 2 })
    case 'string':
      return schema.format?.endsWith('time') === true ? constant('2026-01-01T00:00:00.5+01:00') : string()
    case 'integer':
      return integer()
    case 'int-or-string':
      return oneof(integer(), string())
    case 'quantity':
      return oneof(constant('1024Mi'), constant(0.5), constant('1000m'))
    case 'number':
      return double({ noNaN: true, noDefaultInfinity: true })
    case 'boolean':
      return boolean()
    case 'any':
      return constant({ a: [null] })
    default:
      return schema satisfies never
  }
}

function fieldsOf({ fields }: StructSchema, depth: number): Arbitrary<Record<string, unknown>> {
  const entries = Object.entries(fields)
  const values = entries.map(([key, field]) => [key, oneof(valuesOf(field, depth - 1), constant(null))] as const)
  return record(Object.fromEntries(values), { requiredKeys: [] })
}

const KINDS = [
  ['', 'v1', 'Pod'],
  ['apps', 'v1', 'Deployment'],
  ['rbac.authorization.k8s.io', 'v1', 'Role'],
] as const

test.each(KINDS)('what was read once reads the same again: %s %s %s', (group, version, kind) => {
  const schema = builtinSchema(group, version, kind)
  if (!schema) throw new Error(`${kind} is not known`)
  assert(
    property(fieldsOf(schema, 6), (object) => {
      const unknown: string[] = []
      decodeStruct(object, schema, unknown)
      const once = JSON.stringify(object)
      decodeStruct(object, schema, unknown)
      expect(JSON.stringify(object)).toBe(once)
      expect(unknown).toEqual([])
    }),
    { numRuns: 50 },
  )
})

test('no JSON value does more than to be refused', () => {
  const schema = builtinSchema('', 'v1', 'Pod')
  if (!schema) throw new Error('Pod is not known')
  assert(
    property(record({ metadata: anything(), spec: anything(), status: anything() }), (value) => {
      const object: unknown = JSON.parse(JSON.stringify(value))
      try {
        if (isRecord(object)) decodeStruct(object, schema, [])
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError)
      }
    }),
  )
})
