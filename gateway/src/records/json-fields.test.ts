import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { booleanField, numberField, textField } from './json-fields.ts'

const Fields = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))

function parse(fields: string) {
  return Fields.parse(JSON.parse(`{${fields.slice(1)}}`))
}

test('renders text, numbers and booleans, and leaves out what is not known', () => {
  const fields =
    textField('a', 'x "y" \\ z') + textField('b', undefined) + numberField('c', 1.5) + booleanField('d', false)
  expect(parse(fields)).toEqual({ a: 'x "y" \\ z', c: 1.5, d: false })
})

test('a number that JSON does not have is null', () => {
  expect(numberField('a', Infinity) + numberField('b', NaN)).toBe(',"a":null,"b":null')
})

test('text keeps its letters, whatever their script', () => {
  expect(parse(textField('a', 'modèle-模型-🙂'))).toEqual({ a: 'modèle-模型-🙂' })
})

test.for([
  ['a line end', 'a\r\nb\u2028c\u2029d\u0085e', 'abcde'],
  ['an escape sequence', 'a\u001b[31mb', 'a[31mb'],
  ['a change of direction', 'a\u202eb\u2066c', 'abc'],
  ['half a surrogate pair', 'a\ud800b', 'ab'],
])('text loses %s', ([, text = '', kept = '']) => {
  expect(parse(textField('a', text))).toEqual({ a: kept })
})

test('text is cut where it is too long, also before what cannot stay', () => {
  expect(textField('a', 'x'.repeat(65), 64)).toBe(`,"a":"${'x'.repeat(64)}"`)
  expect(textField('a', '\n'.repeat(64) + 'x', 64)).toBe(',"a":""')
})

test('any text gives one field of one line, of bounded length, without anything a terminal obeys', () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), fc.string({ maxLength: 400 }))
  fc.assert(
    fc.property(text, text, (value, other) => {
      const fields = textField('a', value, 64) + textField('b', other)
      expect(fields).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u)
      expect(Object.entries(parse(fields))).toHaveLength(2)
      expect(String(parse(fields)['a']).length).toBeLessThanOrEqual(64)
    }),
  )
})
