import { expect, test } from 'vitest'
import { exampleOf } from './example.ts'

test.each([
  { schema: { const: 7 }, value: 7 },
  { schema: { enum: ['b', 'a'] }, value: 'b' },
  { schema: { type: 'string', minLength: 6 }, value: 'mock..' },
  { schema: { type: ['null', 'boolean'] }, value: true },
  { schema: { type: 'number', exclusiveMinimum: 4 }, value: 5 },
  { schema: { type: 'integer', maximum: -2 }, value: -2 },
  { schema: { type: 'array', minItems: 2, items: { type: 'null' } }, value: [null, null] },
  { schema: { anyOf: [{ type: 'integer' }, { type: 'string' }] }, value: 1 },
  { schema: { properties: { a: { $ref: '#/$defs/b' } }, $defs: { b: { type: 'boolean' } } }, value: { a: true } },
  { schema: { type: 'object' }, value: {} },
  { schema: true, value: null },
])('the example of $schema', ({ schema, value }) => {
  expect(exampleOf(schema)).toEqual(value)
})

test('a schema that holds itself comes to an end', () => {
  const schema = { type: 'object', properties: { next: { $ref: '#' } } }
  expect(exampleOf(schema)).toEqual({ next: { next: { next: { next: null } } } })
})

test('a schema that multiplies itself stays small', () => {
  const twice = (name: string) => ({ type: 'array', minItems: 1000, items: { $ref: `#/$defs/${name}` } })
  const schema = { ...twice('a'), $defs: { a: twice('b'), b: twice('c'), c: twice('a') } }
  expect(JSON.stringify(exampleOf(schema)).length).toBeLessThan(100_000)
})
