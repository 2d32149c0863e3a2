import { expect, test } from 'vitest'
import { createKeyring, mayUseProject } from './keyring.ts'

const keyring = createKeyring([
  { key: 'nvapi-test-alpha', projects: ['demo'] },
  { key: 'nvapi-test-beta', projects: ['*'] },
])

test.each([
  ['X-API-Key', { 'x-api-key': 'nvapi-test-alpha' }],
  ['Bearer', { authorization: 'Bearer nvapi-test-alpha' }],
  ['bearer in lower case', { authorization: 'bearer nvapi-test-alpha' }],
  ['a wrong X-API-Key beside a valid Bearer', { 'x-api-key': 'other', authorization: 'Bearer nvapi-test-alpha' }],
])('accepts a key as %s', (_name, headers) => {
  expect([...keyring.authenticate(headers).projects]).toEqual(['demo'])
})

test.each([
  ['no key', {}],
  ['an empty key', { 'x-api-key': '' }],
  ['an unknown key', { 'x-api-key': 'nvapi-test-gamma' }],
  ['the prefix of a key', { 'x-api-key': 'nvapi-test-alph' }],
  ['basic credentials', { authorization: 'Basic bnZhcGktdGVzdC1hbHBoYQ==' }],
  ['two keys in one header', { 'x-api-key': 'nvapi-test-alpha, nvapi-test-beta' }],
])('refuses %s with 401 and does not repeat it', (_name, headers) => {
  expect(() => keyring.authenticate(headers)).toThrow(expect.objectContaining({ code: 'invalid_api_key', status: 401 }))
  expect(() => keyring.authenticate(headers)).toThrow(expect.not.stringContaining('nvapi-test'))
})

test('refuses everything when there are no keys', () => {
  expect(() => createKeyring([]).authenticate({ authorization: 'Bearer dev-key' })).toThrow(/not valid/)
})

test('opens the named projects, or all of them with a star', () => {
  const alpha = keyring.authenticate({ 'x-api-key': 'nvapi-test-alpha' })
  const beta = keyring.authenticate({ 'x-api-key': 'nvapi-test-beta' })
  expect([mayUseProject(alpha, 'demo'), mayUseProject(alpha, 'other')]).toEqual([true, false])
  expect(mayUseProject(beta, 'other')).toBe(true)
})
