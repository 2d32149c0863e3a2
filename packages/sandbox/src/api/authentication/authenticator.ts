import { createHash, timingSafeEqual } from 'node:crypto'
import { unauthorized } from '../errors.ts'
import { ISSUER } from './service-account-tokens.ts'
import type { ServiceAccountTokens } from './service-account-tokens.ts'
import { ADMINISTRATOR, ANONYMOUS } from './user.ts'
import type { User } from './user.ts'

/** Knows users by their bearer tokens: the administrator's, and those of ServiceAccounts. */
export class Authenticator {
  /** The tokens of ServiceAccounts. */
  readonly tokens: ServiceAccountTokens
  readonly #adminDigest: Buffer

  constructor(tokens: ServiceAccountTokens, adminToken: string) {
    this.tokens = tokens
    this.#adminDigest = digest(adminToken)
  }

  /**
   * The user of an `Authorization` header; one that holds no bearer token is nobody in particular.
   * @throws StatusError 401 for a token that nobody has.
   */
  fromHeader(header: string | undefined): User {
    const [scheme = '', token = ''] = (header ?? '').trim().split(' ')
    if (scheme.toLowerCase() !== 'bearer' || token === '') return ANONYMOUS
    const found = this.fromToken(token)
    if (!found) throw unauthorized()
    return found.user
  }

  /** The user of a token and which of `audiences` it is for, or undefined where nobody has it or it is for others. */
  fromToken(token: string, audiences: readonly string[] = [ISSUER]): { user: User; audiences: string[] } | undefined {
    if (!timingSafeEqual(digest(token), this.#adminDigest)) return this.tokens.userOf(token, audiences)
    return audiences.includes(ISSUER) ? { user: ADMINISTRATOR, audiences: [ISSUER] } : undefined
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
