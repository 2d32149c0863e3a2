import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { COMMON, fieldName } from './field-names.ts'

const TOKEN_CHARS = Array.from("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

test.each(COMMON)('%s is found however it is written', (name) => {
  const head = `POST / HTTP/1.1\r\n${name.toUpperCase()}: 1`
  const from = head.indexOf('\n') + 1
  expect(fieldName(head, from, from + name.length)).toBe(name)
})

test('any token comes out in lower case', () => {
  const token = fc.string({ unit: fc.constantFrom(...TOKEN_CHARS), minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(fc.nat(20), token, (from, name) => {
      const head = `${' '.repeat(from)}${name}:`
      expect(fieldName(head, from, from + name.length)).toBe(name.toLowerCase())
    }),
  )
})

test('a token that differs from a common name in one character is not taken for it', () => {
  const change = fc.record({
    name: fc.constantFrom(...COMMON),
    at: fc.nat(40),
    char: fc.constantFrom(...TOKEN_CHARS),
  })
  fc.assert(
    fc.property(change, ({ name, at, char }) => {
      const index = at % name.length
      const changed = name.slice(0, index) + char + name.slice(index + 1)
      expect(fieldName(changed, 0, changed.length)).toBe(changed.toLowerCase())
    }),
  )
})
