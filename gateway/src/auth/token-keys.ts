import { createPublicKey, type KeyObject } from 'node:crypto'
import { errors, jwtVerify, type CryptoKey, type JWTPayload, type JWTVerifyOptions, type LocalJWKSet } from 'jose'
import type { JwtConfig } from '../config/schema.ts'
import { createKeySetSource, type KeySetSource, type KeySetSourceOptions } from './key-set-source.ts'

/** The keys that tokens are checked with. */
export interface TokenKeys {
  /** @throws JOSEError when the token is not good; GatewayError `auth_unavailable` when no key could be fetched */
  verify(token: string, options: JWTVerifyOptions): Promise<JWTPayload>
}

/**
 * The keys of a configuration: a key set by URL, else a public key, else a secret. A public key is made a key object, which
 * cannot serve as the secret of an HS algorithm.
 *
 * @throws Error when the public key cannot be read
 */
export function createTokenKeys(config: JwtConfig, options: KeySetSourceOptions): TokenKeys {
  if (config.jwksUrl !== undefined) return new KeySetKeys(createKeySetSource(config.jwksUrl, options))
  if (config.publicKey !== undefined) return oneKey(createPublicKey(config.publicKey))
  return oneKey(new TextEncoder().encode(config.secret))
}

function oneKey(key: Uint8Array | KeyObject | CryptoKey): TokenKeys {
  return { verify: async (token, options) => (await jwtVerify(token, key, options)).payload }
}

class KeySetKeys implements TokenKeys {
  readonly #source: KeySetSource

  constructor(source: KeySetSource) {
    this.#source = source
  }

  async verify(token: string, options: JWTVerifyOptions): Promise<JWTPayload> {
    const keySet = await this.#source.current()
    try {
      return await verifyWithSet(token, keySet, options)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      const newer = await this.#source.refresh()
      if (newer === keySet) throw error
      return verifyWithSet(token, newer, options)
    }
  }
}

/** A token without `kid` may fit several keys of a set: each is tried. */
async function verifyWithSet(token: string, keySet: LocalJWKSet, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keySet, options)).payload
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    return verifyWithEach(token, error, options)
  }
}

async function verifyWithEach(
  token: string,
  keys: AsyncIterable<CryptoKey>,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  for await (const key of keys) {
    try {
      return await oneKey(key).verify(token, options)
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error
    }
  }
  throw new errors.JWSSignatureVerificationFailed()
}
