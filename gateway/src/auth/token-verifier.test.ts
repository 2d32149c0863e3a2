import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { assert, asyncProperty, constantFrom, nat, pre } from 'fast-check'
import { exportJWK, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import type { JwtConfig } from '../config/schema.ts'
import { Auth } from '../config/schema/auth.ts'
import { createAuthenticator } from './authenticator.ts'
import type { Caller } from './caller.ts'
import { createTokenVerifier } from './token-verifier.ts'

const NOW = Date.parse('2030-01-01T00:00:00Z')
const SECONDS = NOW / 1000
const DEFAULTS = { requestsPerWindow: 60, tokensPerMinute: null, concurrency: null }
const SECRET = 'gw-test-secret-of-at-least-32-bytes'
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const PEM = rsa.publicKey.export({ type: 'spki', format: 'pem' })

function configOf(jwt: object): JwtConfig {
  const config = Auth.parse({ jwt }).jwt
  if (config === undefined) throw new Error('there is no configuration')
  return config
}

interface Clocked {
  now: number
  warnings: string[]
}

function authenticatorOf(jwt: object, clock: Clocked = { now: NOW, warnings: [] }, fetchIt: typeof fetch = fetch) {
  const log = {
    warn: (context: unknown, line = '') => void clock.warnings.push(line + JSON.stringify(context)),
    info: () => undefined,
  }
  const now = (): number => clock.now
  const tokens = createTokenVerifier(configOf(jwt), { defaults: DEFAULTS, now, fetch: fetchIt, log })
  return createAuthenticator({ keys: [], storedKeys: [], tokens, defaults: DEFAULTS, now })
}

function sign(payload: JWTPayload, alg: string, key: Parameters<SignJWT['sign']>[0], kid?: string): Promise<string> {
  const header = kid === undefined ? { alg } : { alg, kid }
  return new SignJWT(payload).setProtectedHeader(header).sign(key)
}

const hs = (payload: JWTPayload): Promise<string> => sign(payload, 'HS256', new TextEncoder().encode(SECRET))
const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` })
const EXP = SECONDS + 600

async function verdict(call: () => Caller | Promise<Caller>): Promise<string> {
  try {
    return (await call()).id
  } catch (error) {
    return error instanceof Error ? error.message : 'not an error'
  }
}

test('reads subject, models, projects, limit and team of a token', async () => {
  const authenticator = authenticatorOf({ secret: SECRET, projects: ['fallback'] })
  const claims = { sub: 'ann@example.com', models: ['a'], projects: ['p'], rate_limit_per_minute: 5, team: 'blue' }
  const caller = await authenticator.authenticate(bearer(await hs({ ...claims, exp: EXP })))
  expect(caller).toMatchObject({
    method: 'jwt',
    isShared: false,
    team: 'blue',
    models: new Set(['a']),
    projects: new Set(['p']),
    limits: { ...DEFAULTS, requestsPerWindow: 5 },
  })
  expect(caller.id).toMatch(/^jwt-[0-9a-f]{12}$/)
  expect(JSON.stringify(caller)).not.toContain('ann')
})

test('takes the projects of the configuration, every model and the default limits where a token says nothing', async () => {
  const authenticator = authenticatorOf({ secret: SECRET, projects: ['fallback'] })
  const caller = await authenticator.authenticate(bearer(await hs({ exp: EXP })))
  expect(caller).toMatchObject({ isShared: true, projects: new Set(['fallback']), models: undefined, limits: DEFAULTS })
})

test('understands allowed_models, and a limit of 0', async () => {
  const token = await hs({ sub: 's', allowed_models: ['b'], rate_limit_per_minute: 0, exp: EXP })
  const caller = await authenticatorOf({ secret: SECRET }).authenticate(bearer(token))
  expect(caller).toMatchObject({ models: new Set(['b']), limits: { requestsPerWindow: 0 } })
})

test.each([
  ['models that are no list', { models: 'a' }],
  ['projects that are no list', { projects: { a: 1 } }],
  ['a negative limit', { rate_limit_per_minute: -1 }],
  ['a subject that is no text', { sub: '' }],
])('refuses %s: a restriction that cannot be read opens nothing', async (_name, claims) => {
  const token = await hs({ sub: 's', ...claims, exp: EXP })
  expect(await verdict(() => authenticatorOf({ secret: SECRET }).authenticate(bearer(token)))).toMatch(/not valid here/)
})

test.each([
  ['has expired', { exp: SECONDS - 61 }, /^The token has expired/],
  ['never expires', {}, /not valid here/],
  ['is for later', { exp: EXP, nbf: SECONDS + 61 }, /not valid here/],
  ['has another issuer', { exp: EXP, iss: 'other', aud: 'nexus' }, /not valid here/],
  ['has another audience', { exp: EXP, iss: 'us', aud: 'other' }, /not valid here/],
])('refuses a token that %s', async (_name, claims, message) => {
  const jwt = { secret: SECRET, issuer: 'us', audience: 'nexus' }
  const token = await hs({ iss: 'us', aud: 'nexus', ...claims })
  expect(await verdict(() => authenticatorOf(jwt).authenticate(bearer(token)))).toMatch(message)
})

test('allows for the clock skew', async () => {
  const authenticator = authenticatorOf({ secret: SECRET })
  const token = await hs({ sub: 's', exp: SECONDS - 59, nbf: SECONDS - 100 })
  expect(await verdict(() => authenticator.authenticate(bearer(token)))).toMatch(/^jwt-/)
})

let forged: [string, string][] = []
beforeAll(async () => {
  const claims = { sub: 's', exp: EXP }
  const good = await sign(claims, 'RS256', rsa.privateKey)
  const [header, payload, signature] = good.split('.')
  forged = [
    ['none', new UnsecuredJWT(claims).encode()],
    ['none in another case', `${Buffer.from('{"alg":"nOnE"}').toString('base64url')}.${payload}.`],
    ['HS with the public key as secret', await sign(claims, 'HS256', new TextEncoder().encode(PEM))],
    [
      'HS with the DER of the public key',
      await sign(claims, 'HS256', rsa.publicKey.export({ type: 'spki', format: 'der' })),
    ],
    ['another algorithm of the same key', await sign(claims, 'RS384', rsa.privateKey)],
    ['another family', await sign(claims, 'ES256', ec.privateKey)],
    ['another key', await sign(claims, 'RS256', otherRsa.privateKey)],
    ['no signature', `${header}.${payload}.`],
    [
      'another payload',
      `${header}.${Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url')}.${signature}`,
    ],
  ]
})

test('accepts RS and ES by a public key, and refuses every confusion of algorithms', async () => {
  const authenticator = authenticatorOf({ publicKey: PEM, algorithms: ['RS256'] })
  const good = await sign({ sub: 's', exp: EXP }, 'RS256', rsa.privateKey)
  expect(await verdict(() => authenticator.authenticate(bearer(good)))).toMatch(/^jwt-/)
  for (const [name, token] of forged) {
    expect([name, await verdict(() => authenticator.authenticate(bearer(token)))]).toEqual([
      name,
      expect.stringMatching(/not valid/),
    ])
  }
  const ecPem = ec.publicKey.export({ type: 'spki', format: 'pem' })
  const esToken = await sign({ sub: 's', exp: EXP }, 'ES256', ec.privateKey)
  const es = authenticatorOf({ publicKey: ecPem, algorithms: ['ES256'] })
  expect(await verdict(() => es.authenticate(bearer(esToken)))).toMatch(/^jwt-/)
})

test('a public key never serves as a secret, even where the list of algorithms were wrong', async () => {
  const config = { ...configOf({ publicKey: PEM, algorithms: ['RS256'] }), algorithms: ['HS256' as const] }
  const log = { warn: () => undefined, info: () => undefined }
  const tokens = createTokenVerifier(config, { defaults: DEFAULTS, now: () => NOW, fetch, log })
  for (const secret of [PEM, PEM.trim(), createPublicKey(PEM).export({ type: 'spki', format: 'der' })]) {
    const token = await sign({ exp: EXP }, 'HS256', Buffer.from(secret))
    expect(await verdict(() => tokens.verify(token, token))).toMatch(/not valid/)
  }
})

test('refuses mutilated tokens as 401, whatever they are', async () => {
  const authenticator = authenticatorOf({ secret: SECRET })
  const token = await hs({ sub: 's', exp: EXP })
  await assert(
    asyncProperty(nat({ max: token.length - 1 }), constantFrom(...Array.from('A_-.=0z~')), async (at, character) => {
      const mutated = token.slice(0, at) + character + token.slice(at + 1)
      // The last digit of base64url has bits that mean nothing.
      pre(mutated !== token && at !== token.length - 1)
      const call = async (): Promise<Caller> => authenticator.authenticate(bearer(mutated))
      await expect(call()).rejects.toMatchObject({ code: 'invalid_api_key', status: 401 })
    }),
    { numRuns: 200 },
  )
})

test('verifies a token once, and looks at it again before a withdrawn key could live on', async () => {
  const clock: Clocked = { now: NOW, warnings: [] }
  const authenticator = authenticatorOf({ secret: SECRET }, clock)
  const headers = bearer(await hs({ sub: 's', exp: EXP }))
  const caller = await authenticator.authenticate(headers)
  expect(authenticator.authenticate(headers)).toBe(caller)
  clock.now += 300_000
  expect(authenticator.authenticate(headers)).toBeInstanceOf(Promise)
  clock.now = NOW + 661_000
  expect(await verdict(() => authenticator.authenticate(headers))).toMatch(/has expired/)
})

interface Issuer {
  keys: object[]
  isDown: boolean
  calls: number
  readonly fetch: typeof fetch
}

function issuerOf(...keys: object[]): Issuer {
  const issuer: Issuer = {
    keys,
    isDown: false,
    calls: 0,
    fetch: () => {
      issuer.calls += 1
      if (issuer.isDown)
        return Promise.reject(new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') }))
      return Promise.resolve(Response.json({ keys: issuer.keys }))
    },
  }
  return issuer
}

async function jwkOf(key: typeof rsa.publicKey, kid?: string): Promise<object> {
  return { ...(await exportJWK(key)), ...(kid === undefined ? {} : { kid }) }
}

const KEY_SET = { jwksUrl: 'http://issuer.test/keys', algorithms: ['RS256'] }

test('reads a key set once for many tokens, and again for a key id it does not know', async () => {
  const clock: Clocked = { now: NOW, warnings: [] }
  const issuer = issuerOf(await jwkOf(rsa.publicKey, 'one'))
  const authenticator = authenticatorOf(KEY_SET, clock, issuer.fetch)
  const first = await Promise.all(['a', 'b', 'c'].map((sub) => sign({ sub, exp: EXP }, 'RS256', rsa.privateKey, 'one')))
  const ids = await Promise.all(first.map((token) => verdict(() => authenticator.authenticate(bearer(token)))))
  expect([new Set(ids).size, issuer.calls]).toEqual([3, 1])
  issuer.keys = [await jwkOf(otherRsa.publicKey, 'two')]
  clock.now += 31_000
  const rotated = await sign({ sub: 'a', exp: EXP }, 'RS256', otherRsa.privateKey, 'two')
  expect([await verdict(() => authenticator.authenticate(bearer(rotated))), issuer.calls]).toEqual([ids[0], 2])
})

test('does not call the issuer for each key id that somebody made up', async () => {
  const clock: Clocked = { now: NOW, warnings: [] }
  const issuer = issuerOf(await jwkOf(rsa.publicKey, 'one'))
  const authenticator = authenticatorOf(KEY_SET, clock, issuer.fetch)
  for (let index = 0; index < 20; index += 1) {
    const token = await sign({ sub: 's', exp: EXP }, 'RS256', otherRsa.privateKey, `made-up-${index}`)
    expect(await verdict(() => authenticator.authenticate(bearer(token)))).toMatch(/not valid here/)
    clock.now += 3_000
  }
  expect(issuer.calls).toBeLessThanOrEqual(2)
})

test('tries each key that may fit a token without a key id', async () => {
  const issuer = issuerOf(await jwkOf(otherRsa.publicKey), await jwkOf(rsa.publicKey))
  const authenticator = authenticatorOf(KEY_SET, { now: NOW, warnings: [] }, issuer.fetch)
  const token = await sign({ sub: 's', exp: EXP }, 'RS256', rsa.privateKey)
  expect(await verdict(() => authenticator.authenticate(bearer(token)))).toMatch(/^jwt-/)
})

test('keeps the keys it has while the issuer is down, and says so once', async () => {
  const clock: Clocked = { now: NOW, warnings: [] }
  const issuer = issuerOf(await jwkOf(rsa.publicKey, 'one'))
  const authenticator = authenticatorOf(KEY_SET, clock, issuer.fetch)
  const token = async (sub: string): Promise<string> =>
    sign({ sub, exp: SECONDS + 86_400 }, 'RS256', rsa.privateKey, 'one')
  await authenticator.authenticate(bearer(await token('a')))
  issuer.isDown = true
  for (const sub of ['b', 'c', 'd']) {
    clock.now += 301_000
    const fresh = await token(sub)
    expect(await verdict(() => authenticator.authenticate(bearer(fresh)))).toMatch(/^jwt-/)
  }
  expect(clock.warnings).toEqual([expect.stringMatching(/cannot be read.*ECONNREFUSED/)])
})

test('answers 503 and not 401 while no key could ever be read, and recovers', async () => {
  const clock: Clocked = { now: NOW, warnings: [] }
  const issuer = issuerOf(await jwkOf(rsa.publicKey, 'one'))
  issuer.isDown = true
  const authenticator = authenticatorOf(KEY_SET, clock, issuer.fetch)
  const headers = bearer(await sign({ sub: 's', exp: EXP }, 'RS256', rsa.privateKey, 'one'))
  const call = async (): Promise<Caller> => authenticator.authenticate(headers)
  await expect(call()).rejects.toMatchObject({ code: 'auth_unavailable', status: 503 })
  await expect(call()).rejects.toMatchObject({ code: 'auth_unavailable' })
  expect(issuer.calls).toBe(1)
  issuer.isDown = false
  clock.now += 2_001
  expect(await verdict(call)).toMatch(/^jwt-/)
})

test.each([
  ['is not JSON', () => new Response('<html>')],
  ['is no key set', () => Response.json({ keys: 'none' })],
  ['is an error', () => Response.json({ keys: [] }, { status: 500 })],
  ['is endless', () => new Response('x'.repeat(1_100_000))],
])('takes an answer of the issuer that %s for an outage', async (_name, answer) => {
  const clock: Clocked = { now: NOW, warnings: [] }
  const authenticator = authenticatorOf(KEY_SET, clock, () => Promise.resolve(answer()))
  const headers = bearer(await sign({ sub: 's', exp: EXP }, 'RS256', rsa.privateKey, 'one'))
  await expect(async () => authenticator.authenticate(headers)).rejects.toMatchObject({ code: 'auth_unavailable' })
  expect(clock.warnings).toHaveLength(1)
})
