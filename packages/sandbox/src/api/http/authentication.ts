import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { ApiObject } from '../object.ts'
import type { ObjectStore } from '../store/store.ts'

/** Who sends a request. */
export interface User {
  readonly username: string
  readonly uid?: string
  readonly groups: readonly string[]
}

const ADMIN: User = { username: 'admin', uid: 'admin', groups: ['system:masters', 'system:authenticated'] }

function digest(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

function sameDigest(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a), Buffer.from(b))
}

/**
 * Knows users by their bearer tokens: the administrator's, and those given to ServiceAccounts, of which only the hash is
 * kept. A ServiceAccount's token ends when it expires or when the account is deleted.
 */
export class Authenticator {
  readonly #store: ObjectStore
  readonly #clock: () => Date
  readonly #adminDigest: string

  constructor(store: ObjectStore, adminToken: string, clock: () => Date) {
    this.#store = store
    this.#clock = clock
    this.#adminDigest = digest(adminToken)
  }

  /** The user of an `Authorization` header, or undefined where it names none. */
  fromHeader(header: string | undefined): User | undefined {
    const token = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1]
    return token === undefined ? undefined : this.fromToken(token)
  }

  /** The user of a token, or undefined where nobody has it. */
  fromToken(token: string): User | undefined {
    const hash = digest(token)
    if (sameDigest(hash, this.#adminDigest)) return ADMIN
    const row = this.#store.database.findToken(hash)
    if (!row || row.expires <= this.#clock().getTime()) return undefined
    const account = this.#store.get('serviceaccounts', row.namespace, row.name)
    return account?.metadata.uid === row.uid ? serviceAccountUser(account) : undefined
  }

  /** A new token of a ServiceAccount, good for `seconds`. */
  issue(account: ApiObject, seconds: number): { token: string; expires: Date } {
    const now = this.#clock().getTime()
    const token = `nexus-sa-${randomBytes(32).toString('base64url')}`
    const expires = now + seconds * 1000
    const { namespace = '', name, uid = '' } = account.metadata
    this.#store.database.dropExpiredTokens(now)
    this.#store.database.saveToken({ hash: digest(token), namespace, name, uid, expires })
    return { token, expires: new Date(expires) }
  }
}

function serviceAccountUser({ metadata: { namespace = '', name, uid } }: ApiObject): User {
  return {
    username: `system:serviceaccount:${namespace}:${name}`,
    ...(uid !== undefined && { uid }),
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  }
}
