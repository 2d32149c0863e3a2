import { errors, type JWTPayload } from 'jose'
import type { JwtConfig } from '../config/schema.ts'
import type { Caller, EffectiveLimits } from './caller.ts'
import type { KeySetSourceOptions } from './key-set-source.ts'
import { refuse } from './refusals.ts'
import { toCaller } from './token-claims.ts'
import { createTokenKeys, type TokenKeys } from './token-keys.ts'

/** Finds the caller behind a JSON Web Token. */
export interface TokenVerifier {
  /**
   * @param name the token's digest: tokens that were verified are remembered by it
   * @throws GatewayError `invalid_api_key` (401), or `auth_unavailable` (503) when no key could be fetched to check it
   */
  verify(token: string, name: string): Caller | Promise<Caller>
}

/** A token that was good; the key that signed it may be withdrawn meanwhile, so that it is looked at again. */
interface Remembered {
  readonly caller: Caller
  readonly untilMs: number
}

const RECHECK_MS = 300_000
const MAX_REMEMBERED = 10_000
/** The header of a request is 16 KiB; what is longer than half of it is no token of ours. */
const MAX_TOKEN_LENGTH = 8_192

/** Whether a credential has the form of a token: three parts of base64url with dots between them. */
export function isTokenShaped(credential: string): boolean {
  if (credential.length > MAX_TOKEN_LENGTH || !credential.startsWith('ey')) return false
  const first = credential.indexOf('.')
  const second = credential.indexOf('.', first + 1)
  return first > 0 && second > first && !credential.includes('.', second + 1)
}

/**
 * Verifies tokens by the configured secret, public key or key set. Only the listed algorithms count, and a key only
 * serves the family it was made for: `none`, and HS with a public key as the secret, are refused.
 *
 * @throws Error when the public key cannot be read
 */
export function createTokenVerifier(
  config: JwtConfig,
  options: KeySetSourceOptions & { readonly defaults: EffectiveLimits },
): TokenVerifier {
  return new CachingVerifier(config, options)
}

class CachingVerifier implements TokenVerifier {
  readonly #config: JwtConfig
  readonly #keys: TokenKeys
  readonly #defaults: EffectiveLimits
  readonly #now: () => number
  /** In the order of insertion, the oldest first. */
  readonly #remembered = new Map<string, Remembered>()

  constructor(config: JwtConfig, options: KeySetSourceOptions & { readonly defaults: EffectiveLimits }) {
    this.#config = config
    this.#keys = createTokenKeys(config, options)
    this.#defaults = options.defaults
    this.#now = options.now
  }

  verify(token: string, name: string): Caller | Promise<Caller> {
    const remembered = this.#remembered.get(name)
    if (remembered !== undefined && this.#now() < remembered.untilMs) return remembered.caller
    return this.#verifyAnew(token, name)
  }

  async #verifyAnew(token: string, name: string): Promise<Caller> {
    this.#remembered.delete(name)
    const payload = await this.#readPayload(token)
    const caller = toCaller(payload, this.#config, this.#defaults)
    this.#remember(name, caller, payload.exp ?? 0)
    return caller
  }

  async #readPayload(token: string): Promise<JWTPayload> {
    const { algorithms, issuer, audience, clockSkewSeconds } = this.#config
    const options = {
      algorithms: [...algorithms],
      ...(issuer === undefined ? {} : { issuer }),
      ...(audience === undefined ? {} : { audience }),
      clockTolerance: clockSkewSeconds,
      requiredClaims: ['exp'],
      currentDate: new Date(this.#now()),
    }
    try {
      return await this.#keys.verify(token, options)
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw refuse('expiredToken', error)
      if (error instanceof errors.JOSEError || error instanceof TypeError) throw refuse('invalidToken', error)
      throw error
    }
  }

  #remember(name: string, caller: Caller, expSeconds: number): void {
    const oldest = this.#remembered.size < MAX_REMEMBERED ? undefined : this.#remembered.keys().next().value
    if (oldest !== undefined) this.#remembered.delete(oldest)
    const untilMs = Math.min((expSeconds + this.#config.clockSkewSeconds) * 1000, this.#now() + RECHECK_MS)
    this.#remembered.set(name, { caller, untilMs })
  }
}
