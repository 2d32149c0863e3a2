import { sign, verify } from 'node:crypto'
import { isRecord, stringAt } from '../objects/fields.ts'
import type { SigningKey } from './signing-key.ts'

/** ES256 of RFC 7518: the signature is the two numbers one after the other, not DER. */
const ENCODING = 'ieee-p1363'
const ALGORITHM = 'ES256'
/** The 64 bytes of a signature. Node reads past what is no base64url, so that one token could be written in any length. */
const SIGNATURE = /^[\w-]{86}$/

/** A signed JSON Web Token (RFC 7519) of `claims`. */
export function signToken(claims: object, { id, privateKey }: SigningKey): string {
  const signed = `${encoded({ alg: ALGORITHM, kid: id })}.${encoded(claims)}`
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: ENCODING })
  return `${signed}.${signature.toString('base64url')}`
}

/** The claims of a token that this key signed; undefined of any other. Whether they still hold is for the caller. */
export function verifiedClaims(token: string, { publicKey }: SigningKey): Record<string, unknown> | undefined {
  const [header = '', claims = '', signature = '', ...rest] = token.split('.')
  if (rest.length > 0 || !SIGNATURE.test(signature) || stringAt(decoded(header), 'alg') !== ALGORITHM) return undefined
  const key = { key: publicKey, dsaEncoding: ENCODING } as const
  if (!verify('sha256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url'))) return undefined
  const value = decoded(claims)
  return isRecord(value) ? value : undefined
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function decoded(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString())
  } catch {
    return undefined
  }
}
