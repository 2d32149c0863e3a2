import type { IncomingHttpHeaders } from 'node:http'
import type { ApiKey } from '../config/schema.ts'
import type { Authenticator, Caller, EffectiveLimits } from './caller.ts'
import { apiKeyHeader, bearerCredential } from './credentials.ts'
import { createKeyring, digestOf, findKey, type Keyring, type KnownKey } from './keyring.ts'
import { refuse, unavailable, type Refusal } from './refusals.ts'
import { isTokenShaped, type TokenVerifier } from './token-verifier.ts'

/** What {@link createAuthenticator} is made from. */
export interface AuthenticatorOptions {
  /** The keys of the configuration; they win over stored ones. */
  readonly keys: readonly ApiKey[]
  /** The keys of the Secret; null: they are still to be read, and until then an unknown key is no reason for 401. */
  readonly storedKeys: readonly ApiKey[] | null
  /** Where tokens are accepted. */
  readonly tokens: TokenVerifier | undefined
  readonly defaults: EffectiveLimits
  /** Wall clock in ms since 1970: keys and tokens expire by date. */
  readonly now: () => number
}

/** An authenticator whose stored keys may change while it is used. */
export interface KeyAuthenticator extends Authenticator {
  /** From now on these are the keys of the Secret. */
  setStoredKeys(keys: readonly ApiKey[]): void
}

/**
 * Finds callers by key and by token: `X-API-Key` first, then `Authorization: Bearer`, each as a key; what is left is tried
 * as a token. A key costs one digest, and its caller was made beforehand.
 */
export function createAuthenticator(options: AuthenticatorOptions): KeyAuthenticator {
  return new KeysThenTokens(options)
}

class KeysThenTokens implements KeyAuthenticator {
  readonly #options: AuthenticatorOptions
  #ring: Keyring
  #isComplete: boolean

  constructor(options: AuthenticatorOptions) {
    this.#options = options
    this.#ring = createKeyring([...options.keys, ...(options.storedKeys ?? [])], options.defaults)
    this.#isComplete = options.storedKeys !== null
  }

  setStoredKeys(keys: readonly ApiKey[]): void {
    this.#ring = createKeyring([...this.#options.keys, ...keys], this.#options.defaults)
    this.#isComplete = true
  }

  authenticate(headers: IncomingHttpHeaders): Caller | Promise<Caller> {
    let refusal: Refusal = 'missing'
    const own = apiKeyHeader(headers)
    if (own !== undefined) {
      const digest = digestOf(own)
      const known = findKey(this.#ring, digest, digest.toString('hex'))
      if (known !== undefined && this.#isValid(known)) return known.caller
      refusal = whyRefused(known)
    }
    const bearer = bearerCredential(headers)
    if (bearer === undefined) throw this.#refuse(refusal)
    return this.#authenticateBearer(bearer, refusal)
  }

  #authenticateBearer(bearer: string, before: Refusal): Caller | Promise<Caller> {
    const digest = digestOf(bearer)
    const name = digest.toString('hex')
    const known = findKey(this.#ring, digest, name)
    if (known !== undefined && this.#isValid(known)) return known.caller
    const { tokens } = this.#options
    if (known === undefined && tokens !== undefined && isTokenShaped(bearer)) return tokens.verify(bearer, name)
    const own = whyRefused(known)
    throw this.#refuse(own === 'unknown' && before !== 'missing' ? before : own)
  }

  #isValid(known: KnownKey): boolean {
    return !known.isDisabled && this.#options.now() < known.expiresAt
  }

  #refuse(refusal: Refusal): Error {
    if (refusal === 'unknown' && !this.#isComplete) return unavailable('the stored keys are not read yet')
    return refuse(refusal)
  }
}

function whyRefused(known: KnownKey | undefined): Refusal {
  if (known === undefined) return 'unknown'
  return known.isDisabled ? 'disabled' : 'expired'
}
