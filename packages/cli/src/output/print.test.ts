import { execFileSync } from 'node:child_process'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { renderAge } from './age.ts'
import { renderFields } from './fields.ts'
import { shellQuote } from './print.ts'

test('what is simple stays unquoted', () => {
  expect(shellQuote('http://127.0.0.1:18000')).toBe('http://127.0.0.1:18000')
  expect(shellQuote('/home/ann lee')).toBe("'/home/ann lee'")
})

test('a shell reads a quoted value back as it was', () => {
  const word = fc.string({ minLength: 0, maxLength: 12 }).filter((text) => !text.includes('\0'))
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), (values) => {
      const script = `printf '%s\\0' ${values.map(shellQuote).join(' ')}`
      return execFileSync('sh', ['-c', script]).toString() === values.map((value) => `${value}\0`).join('')
    }),
    { numRuns: 40 },
  )
})

test.each([
  ['2026-01-01T00:00:00Z', '0s'],
  ['2025-12-31T23:58:30Z', '90s'],
  ['2025-12-31T23:50:00Z', '10m'],
  ['2025-12-31T19:00:00Z', '5h'],
  ['2025-12-01T00:00:00Z', '31d'],
  [undefined, '<unknown>'],
  ['soon', '<unknown>'],
])('the age of %s is %s', (since, age) => {
  expect(renderAge(since, new Date('2026-01-01T00:00:00Z'))).toBe(age)
})

test('fields stand in one column and empty ones are left out', () => {
  expect(
    renderFields([
      ['Name', 'llama'],
      ['Latest tag', '1.8'],
      ['EU', undefined],
      ['Description', ''],
    ]),
  ).toBe('Name:        llama\nLatest tag:  1.8\n')
})
