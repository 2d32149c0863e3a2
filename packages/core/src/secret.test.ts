import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { redact, SecretText } from './secret.ts'

const key = new SecretText('nvapi-test-0123456789abcd')

test.each([
  { how: 'String()', shown: String(key) },
  { how: 'JSON', shown: JSON.stringify({ key }) },
  { how: 'util.inspect', shown: inspect({ key }, { depth: 5, showHidden: true }) },
  { how: 'an error message', shown: new Error('key ' + key.toString()).message },
])('$how shows no secret', ({ shown }) => {
  expect(shown).not.toContain('0123456789')
  expect(shown).toContain('[redacted]')
})

test('reveal gives the value, hint the last four characters', () => {
  expect(key.reveal()).toBe('nvapi-test-0123456789abcd')
  expect(key.hint()).toBe('abcd')
  expect(new SecretText('short').hint()).toBe('')
})

test.each([
  ['using nvapi-test-abc_DEF-123 now', 'using nvapi-[redacted] now'],
  ['authorization: Bearer abc.def-ghi=', 'authorization: Bearer [redacted]'],
  ['redis://user:pass@redis:6379/0', 'redis://user:[redacted]@redis:6379/0'],
  ['nothing here', 'nothing here'],
])('redacts %s', (text, cleaned) => {
  expect(redact(text)).toBe(cleaned)
})
