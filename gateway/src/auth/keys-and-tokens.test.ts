import { SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { ApiKey, Auth } from '../config/schema/auth.ts'
import { createAuthenticator } from './authenticator.ts'
import { createTokenVerifier } from './token-verifier.ts'

const DEFAULTS = { requestsPerWindow: 60, tokensPerMinute: null, concurrency: null }
const SECRET = 'gw-test-token-secret-0123456789abcdef'
const KEY = 'gw-test-key'
/** A key of the form of a token is a key all the same. */
const TOKEN_SHAPED_KEY = 'gw-test.key.of-three-parts'

function authenticatorOfBoth() {
  const { jwt } = Auth.parse({ jwt: { secret: SECRET } })
  if (jwt === undefined) throw new Error('there is no configuration of tokens')
  const log = { warn: () => undefined, info: () => undefined }
  return createAuthenticator({
    keys: [
      { id: 'plain', key: KEY },
      { id: 'shaped', key: TOKEN_SHAPED_KEY },
    ].map((key) => ApiKey.parse(key)),
    storedKeys: [],
    tokens: createTokenVerifier(jwt, { defaults: DEFAULTS, now: Date.now, fetch, log }),
    defaults: DEFAULTS,
    now: Date.now,
  })
}

const TOKEN = await new SignJWT({ sub: 'ann', exp: Math.floor(Date.now() / 1000) + 3_600 })
  .setProtectedHeader({ alg: 'HS256' })
  .sign(new TextEncoder().encode(SECRET))

test.each([
  ['a key as a bearer', { authorization: `Bearer ${KEY}` }, /^plain$/],
  ['a key of the form of a token', { authorization: `Bearer ${TOKEN_SHAPED_KEY}` }, /^shaped$/],
  ['a token', { authorization: `Bearer ${TOKEN}` }, /^jwt-/],
  ['a key beside a token', { 'x-api-key': KEY, authorization: `Bearer ${TOKEN}` }, /^plain$/],
  ['a key beside a broken token', { 'x-api-key': KEY, authorization: `Bearer ${TOKEN}x` }, /^plain$/],
  ['a wrong key beside a token', { 'x-api-key': 'gw-test-wrong', authorization: `Bearer ${TOKEN}` }, /^jwt-/],
])('where keys and tokens are both accepted, takes %s', async (_name, headers, id) => {
  expect((await authenticatorOfBoth().authenticate(headers)).id).toMatch(id)
})
