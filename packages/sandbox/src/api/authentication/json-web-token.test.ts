import { expect, test } from 'vitest'
import { signToken, verifiedClaims } from './json-web-token.ts'
import { newSigningKey } from './signing-key.ts'

const KEY = newSigningKey()
const CLAIMS = { sub: 'system:serviceaccount:demo:robot', exp: 1 }

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

test('a token brings back what was signed', () => {
  const token = signToken(CLAIMS, KEY)
  expect(verifiedClaims(token, KEY)).toEqual(CLAIMS)
  expect(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())).toEqual({
    alg: 'ES256',
    kid: KEY.id,
  })
})

test.each([
  [
    'other claims',
    ([head, , signature]: string[]) => `${head}.${part({ ...CLAIMS, sub: 'system:admin' })}.${signature}`,
  ],
  ['no signature', ([head, claims]: string[]) => `${head}.${claims}.`],
  ['no algorithm', ([, claims]: string[]) => `${part({ alg: 'none' })}.${claims}.`],
  ['another algorithm', ([, claims, signature]: string[]) => `${part({ alg: 'HS256' })}.${claims}.${signature}`],
  ['a fourth part', (parts: string[]) => [...parts, 'x'].join('.')],
  ['a longer signature', ([head, claims, signature]: string[]) => `${head}.${claims}.${signature}!!!`],
  ['nothing that is a token', () => 'not-a-token'],
])('a token with %s is not believed', (_what, change) => {
  expect(verifiedClaims(change(signToken(CLAIMS, KEY).split('.')), KEY)).toBeUndefined()
})

test('a token of another key is not believed', () => {
  expect(verifiedClaims(signToken(CLAIMS, newSigningKey()), KEY)).toBeUndefined()
})
