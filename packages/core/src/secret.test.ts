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
  { form: 'a Secret', text: btoa('nvapi-test-0123456789abcd') },
  { form: 'a registry login', text: btoa('$oauthtoken:nvapi-test-0123456789abcd') },
  {
    form: 'a docker configuration',
    text: btoa(JSON.stringify({ auths: { 'nvcr.io': { password: 'nvapi-test-01' } } })),
  },
])('redacts a key in the base64 of $form', ({ text }) => {
  expect(redact(`Invalid value: "${text}"`)).toMatch(/^Invalid value: "(JG9hdXRodG9rZW46)?\[redacted\]"$/)
})

test.each([
  ['using nvapi-test-abc_DEF-123 now', 'using nvapi-[redacted] now'],
  ['gave nxg_AbCdEfGh-0123_4567 once', 'gave nxg_[redacted] once'],
  ['authorization: Bearer abc.def-ghi=', 'authorization: Bearer [redacted]'],
  ['Authorization: Basic dXNlcjpwYXNz', 'Authorization: Basic [redacted]'],
  ['redis://user:pass@redis:6379/0', 'redis://user:[redacted]@redis:6379/0'],
  ['redis://user:p@ss@redis:6379/0', 'redis://user:[redacted]@redis:6379/0'],
  ['basic authentication is needed', 'basic authentication is needed'],
  ['nothing here', 'nothing here'],
])('redacts %s', (text, cleaned) => {
  expect(redact(text)).toBe(cleaned)
})
