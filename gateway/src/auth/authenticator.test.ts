import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { assert, constantFrom, pre, property, string, uniqueArray } from 'fast-check'
import { expect, test } from 'vitest'
import { ApiKey } from '../config/schema/auth.ts'
import { GatewayError, renderEnvelope } from '../errors.ts'
import { createAuthenticator, type AuthenticatorOptions, type KeyAuthenticator } from './authenticator.ts'
import { mayUseModel, mayUseProject } from './caller.ts'

const DEFAULTS = { requestsPerWindow: 60, tokensPerMinute: null, concurrency: 8 }
const NOW = Date.parse('2030-01-01T00:00:00Z')

function hashOf(key: string): string {
  return `sha256:${createHash('sha256').update(key).digest('hex')}`
}

function authenticatorOf(keys: unknown[], more: Partial<AuthenticatorOptions> = {}): KeyAuthenticator {
  return createAuthenticator({
    keys: keys.map((key) => ApiKey.parse(key)),
    storedKeys: [],
    tokens: undefined,
    defaults: DEFAULTS,
    now: () => NOW,
    ...more,
  })
}

function refusalOf(authenticator: KeyAuthenticator, headers: Record<string, string>): GatewayError {
  try {
    void authenticator.authenticate(headers)
  } catch (error) {
    if (error instanceof GatewayError) return error
  }
  throw new Error('the credentials were not refused')
}

const authenticator = authenticatorOf([
  { key: 'nvapi-test-alpha', projects: ['demo'], models: ['llama'] },
  { id: 'beta', hash: hashOf('nvapi-test-beta'), projects: ['*'], team: 'blue', limits: { requestsPerWindow: 0 } },
  { id: 'old', key: 'nvapi-test-old', expiresAt: '2030-01-01T00:00:00Z' },
  { id: 'off', key: 'nvapi-test-off', disabled: true },
])

test.each([
  ['X-API-Key', { 'x-api-key': 'nvapi-test-alpha' }],
  ['X-API-Key with blanks around it', { 'x-api-key': ' nvapi-test-alpha ' }],
  ['Bearer', { authorization: 'Bearer nvapi-test-alpha' }],
  ['bearer in lower case', { authorization: 'bearer  nvapi-test-alpha ' }],
  ['a wrong X-API-Key beside a valid Bearer', { 'x-api-key': 'other', authorization: 'Bearer nvapi-test-alpha' }],
  [
    'an expired X-API-Key beside a valid Bearer',
    { 'x-api-key': 'nvapi-test-old', authorization: 'Bearer nvapi-test-alpha' },
  ],
])('accepts a key as %s', (_name, headers) => {
  expect(authenticator.authenticate(headers)).toMatchObject({ projects: new Set(['demo']), method: 'api_key' })
})

test.each([
  ['no credentials', {}, /^No API key/],
  ['an empty key', { 'x-api-key': '' }, /^No API key/],
  ['a blank key', { 'x-api-key': '  ' }, /^No API key/],
  ['an unknown key', { 'x-api-key': 'nvapi-test-gamma' }, /not valid/],
  ['the prefix of a key', { 'x-api-key': 'nvapi-test-alph' }, /not valid/],
  ['the digest of a key', { 'x-api-key': hashOf('nvapi-test-alpha') }, /not valid/],
  ['basic credentials', { authorization: 'Basic bnZhcGktdGVzdC1hbHBoYQ==' }, /^No API key/],
  ['two keys in one header', { 'x-api-key': 'nvapi-test-alpha, nvapi-test-beta' }, /not valid/],
  ['an expired key', { authorization: 'Bearer nvapi-test-old' }, /has expired/],
  ['a disabled key', { authorization: 'Bearer nvapi-test-off' }, /is disabled/],
  [
    'an expired key beside a wrong one',
    { 'x-api-key': 'nvapi-test-old', authorization: 'Bearer wrong' },
    /has expired/,
  ],
  ['a token where none is accepted', { authorization: 'Bearer eyJh.eyJz.c2ln' }, /not valid/],
])('refuses %s with 401', (_name, headers, message) => {
  const error = refusalOf(authenticator, headers)
  expect(error).toMatchObject({ code: 'invalid_api_key', status: 401, headers: { 'www-authenticate': 'Bearer' } })
  expect(error.message).toMatch(message)
})

test('answers a wrong key that resembles one there is exactly as one that resembles none', () => {
  const near = refusalOf(authenticator, { 'x-api-key': 'nvapi-test-ol' })
  const far = refusalOf(authenticator, { 'x-api-key': 'something-else' })
  expect(renderEnvelope(near)).toBe(renderEnvelope(far))
  expect(near.headers).toEqual(far.headers)
})

test('makes the caller of a key once, by its policy and the default limits', () => {
  const alpha = authenticator.authenticate({ 'x-api-key': 'nvapi-test-alpha' })
  const beta = authenticator.authenticate({ 'x-api-key': 'nvapi-test-beta' })
  expect(authenticator.authenticate({ 'x-api-key': 'nvapi-test-alpha' })).toBe(alpha)
  expect(Object.isFrozen(alpha)).toBe(true)
  expect(alpha).toMatchObject({ id: hashOf('nvapi-test-alpha').slice(7, 19), limits: DEFAULTS, isShared: false })
  expect(beta).toMatchObject({ id: 'beta', team: 'blue', limits: { requestsPerWindow: 0, concurrency: 8 } })
})

test('opens the projects and models of the policy and nothing that only resembles them', async () => {
  const alpha = await authenticator.authenticate({ 'x-api-key': 'nvapi-test-alpha' })
  const beta = await authenticator.authenticate({ 'x-api-key': 'nvapi-test-beta' })
  expect(['demo', 'Demo', 'demo ', '*'].map((project) => mayUseProject(alpha, project))).toEqual([
    true,
    false,
    false,
    false,
  ])
  expect(mayUseProject(beta, 'other')).toBe(true)
  for (const model of ['Llama', 'llama ', ' llama', 'llama\u0000', 'llam\u0430', '*', '']) {
    expect(mayUseModel(alpha, model)).toBe(false)
  }
  expect([mayUseModel(alpha, 'llama'), mayUseModel(beta, 'anything')]).toEqual([true, true])
})

test('a key without projects or models in its policy sees no project', async () => {
  const caller = await authenticatorOf([{ key: 'gw-test-bare' }]).authenticate({ 'x-api-key': 'gw-test-bare' })
  expect(mayUseProject(caller, 'demo')).toBe(false)
})

test('refuses a key from the moment that it expires', () => {
  let now = NOW - 1
  const clocked = authenticatorOf([{ key: 'gw-test', expiresAt: '2030-01-01T01:00:00+01:00' }], { now: () => now })
  expect(clocked.authenticate({ 'x-api-key': 'gw-test' })).toMatchObject({ method: 'api_key' })
  now = NOW
  expect(refusalOf(clocked, { 'x-api-key': 'gw-test' }).message).toMatch(/has expired/)
})

test('takes stored keys as they come and go, and lets the configuration win', () => {
  const changing = authenticatorOf([{ id: 'configured', key: 'gw-test-both' }])
  const stored = [
    { id: 'stored', hash: hashOf('gw-test-both'), projects: ['*'] },
    { id: 'new', hash: hashOf('gw-test-new') },
  ].map((key) => ApiKey.parse(key))
  changing.setStoredKeys(stored)
  expect(changing.authenticate({ 'x-api-key': 'gw-test-both' })).toMatchObject({ id: 'configured' })
  expect(changing.authenticate({ 'x-api-key': 'gw-test-new' })).toMatchObject({ id: 'new' })
  changing.setStoredKeys([])
  expect(refusalOf(changing, { 'x-api-key': 'gw-test-new' }).status).toBe(401)
})

test('answers 503 to an unknown key for as long as the stored keys are not read, and 401 to none at all', () => {
  const waiting = authenticatorOf([{ key: 'gw-test-configured' }], { storedKeys: null })
  expect(waiting.authenticate({ 'x-api-key': 'gw-test-configured' })).toMatchObject({ method: 'api_key' })
  expect(refusalOf(waiting, { 'x-api-key': 'gw-test-stored' })).toMatchObject({ code: 'auth_unavailable', status: 503 })
  expect(refusalOf(waiting, {}).status).toBe(401)
  waiting.setStoredKeys([])
  expect(refusalOf(waiting, { 'x-api-key': 'gw-test-stored' }).status).toBe(401)
})

const printable = string({ unit: constantFrom(...Array.from('abcXYZ019-_.~')), minLength: 1, maxLength: 64 })

test('accepts exactly the keys there are', () => {
  assert(
    property(uniqueArray(printable, { minLength: 1, maxLength: 20 }), printable, (keys, other) => {
      const ring = authenticatorOf(keys.map((key) => ({ key })))
      for (const key of keys) {
        expect(ring.authenticate({ authorization: `Bearer ${key}` })).toBe(ring.authenticate({ 'x-api-key': key }))
      }
      pre(!keys.includes(other))
      expect(refusalOf(ring, { 'x-api-key': other }).status).toBe(401)
    }),
    { numRuns: 200 },
  )
})

test('keeps keys out of callers, errors and of itself', () => {
  const secret = string({ unit: constantFrom(...Array.from('abcdefghijkXYZ0123456789')), minLength: 20, maxLength: 60 })
  assert(
    property(secret, secret, (key, wrong) => {
      pre(key !== wrong)
      const one = authenticatorOf([{ key }])
      const caller = one.authenticate({ 'x-api-key': key })
      const error = refusalOf(one, { 'x-api-key': wrong })
      const shown =
        inspect([caller, error, error.stack], { depth: 9, showHidden: true }) + JSON.stringify([caller, error])
      expect(shown).not.toContain(key)
      expect(shown).not.toContain(wrong)
    }),
    { numRuns: 100 },
  )
})
