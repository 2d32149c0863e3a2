import { randomUUID } from 'node:crypto'
import type { ApiObject } from '../object.ts'
import { fieldAt, listAt, numberAt, stringAt } from '../objects/fields.ts'
import type { ObjectStore } from '../store/store.ts'
import { signToken, verifiedClaims } from './json-web-token.ts'
import type { SigningKey } from './signing-key.ts'
import { AUTHENTICATED, serviceAccountGroups, serviceAccountUsername } from './user.ts'
import type { User } from './user.ts'

/** Who issues tokens, and the audience of those that name none: what kube-apiserver is usually started with. */
export const ISSUER = 'https://kubernetes.default.svc'

/** What a token is asked to be. */
export interface TokenWish {
  readonly account: ApiObject
  /** Whom the token is for; the API server itself is {@link ISSUER}. */
  readonly audiences: readonly string[]
  readonly seconds: number
  /** The pod or Secret with which the token ends. */
  readonly boundTo?: ApiObject
}

/** A token's claims under `kubernetes.io`. */
type Reference = { readonly name: string; readonly uid?: string }

/** How many tokens are remembered as well signed: checking a signature takes longer than answering most requests. */
const REMEMBERED = 1_000

/** Issues the tokens of ServiceAccounts and knows them again. */
export class ServiceAccountTokens {
  readonly #store: ObjectStore
  readonly #key: SigningKey
  readonly #clock: () => Date
  readonly #verified = new Map<string, Record<string, unknown>>()

  constructor(store: ObjectStore, key: SigningKey, clock: () => Date) {
    this.#store = store
    this.#key = key
    this.#clock = clock
  }

  /** A new token of an account. */
  issue({ account, audiences, seconds, boundTo }: TokenWish): { token: string; expires: Date } {
    const now = Math.floor(this.#clock().getTime() / 1000)
    const { namespace = '', name } = account.metadata
    const claims = {
      aud: audiences,
      exp: now + seconds,
      iat: now,
      iss: ISSUER,
      jti: randomUUID(),
      'kubernetes.io': { namespace, ...boundClaims(boundTo), serviceaccount: referenceTo(account) },
      nbf: now,
      sub: serviceAccountUsername(namespace, name),
    }
    return { token: signToken(claims, this.#key), expires: new Date((now + seconds) * 1000) }
  }

  /** A token of an account that ends with its Secret only. */
  issueLasting(account: ApiObject, secret: ApiObject): string {
    const { namespace = '', name } = account.metadata
    const claims = {
      aud: [ISSUER],
      iss: ISSUER,
      'kubernetes.io': { namespace, ...boundClaims(secret), serviceaccount: referenceTo(account) },
      sub: serviceAccountUsername(namespace, name),
    }
    return signToken(claims, this.#key)
  }

  /**
   * The user of a token that was issued here, is not over, and whose account and pod still exist; with the audiences of
   * `audiences` that it is for.
   */
  userOf(token: string, audiences: readonly string[]): { user: User; audiences: string[] } | undefined {
    const claims = this.#claimsOf(token)
    if (claims === undefined || (numberAt(claims, 'exp') ?? Number.POSITIVE_INFINITY) * 1000 <= this.#clock().getTime())
      return undefined
    const shared = audiences.filter((audience) => listAt(claims, 'aud').includes(audience))
    if (shared.length === 0 || !this.#stillStand(claims)) return undefined
    return { user: userIn(claims), audiences: shared }
  }

  /** Whom a token that was issued here is for; undefined of any other. */
  audiencesOf(token: string): string[] | undefined {
    const claims = this.#claimsOf(token)
    return claims && listAt(claims, 'aud').filter((audience) => typeof audience === 'string')
  }

  #claimsOf(token: string): Record<string, unknown> | undefined {
    const known = this.#verified.get(token)
    if (known) return known
    const claims = verifiedClaims(token, this.#key)
    if (claims === undefined) return undefined
    if (this.#verified.size >= REMEMBERED) this.#verified.clear()
    this.#verified.set(token, claims)
    return claims
  }

  /** A token ends with its account, and with the pod or Secret that it is bound to, also when a namesake follows. */
  #stillStand(claims: Record<string, unknown>): boolean {
    const own = claims['kubernetes.io']
    const namespace = stringAt(own, 'namespace') ?? ''
    return [
      ['serviceaccount', 'serviceaccounts'],
      ['pod', 'pods'],
      ['secret', 'secrets'],
    ].every(([claim = '', key = '']) => {
      const name = stringAt(own, claim, 'name')
      if (name === undefined) return claim !== 'serviceaccount'
      return this.#store.get(key, namespace, name)?.metadata.uid === stringAt(own, claim, 'uid')
    })
  }
}

function referenceTo({ metadata: { name, uid } }: ApiObject): Reference {
  return { name, ...(uid !== undefined && { uid }) }
}

function boundClaims(object: ApiObject | undefined): Record<string, Reference> {
  if (object?.kind === 'Secret') return { secret: referenceTo(object) }
  if (object?.kind !== 'Pod') return {}
  const nodeName = stringAt(object, 'spec', 'nodeName')
  return { ...(nodeName !== undefined && { node: { name: nodeName } }), pod: referenceTo(object) }
}

function userIn(claims: Record<string, unknown>): User {
  const own = claims['kubernetes.io']
  const namespace = stringAt(own, 'namespace') ?? ''
  const [name = '', uid = ''] = [stringAt(own, 'serviceaccount', 'name'), stringAt(own, 'serviceaccount', 'uid')]
  const extra = extraIn(claims)
  return {
    username: serviceAccountUsername(namespace, name),
    uid,
    groups: [...serviceAccountGroups(namespace), AUTHENTICATED],
    ...(Object.keys(extra).length > 0 && { extra }),
  }
}

/** What a review tells of a token beyond its account, under the names that kube-apiserver gives it. */
function extraIn(claims: Record<string, unknown>): Record<string, string[]> {
  const own = claims['kubernetes.io']
  const id = stringAt(claims, 'jti')
  const known = {
    'credential-id': id === undefined ? undefined : `JTI=${id}`,
    'node-name': fieldAt(own, 'node', 'name'),
    'pod-name': fieldAt(own, 'pod', 'name'),
    'pod-uid': fieldAt(own, 'pod', 'uid'),
  }
  return Object.fromEntries(
    Object.entries(known).flatMap(([name, value]) =>
      typeof value === 'string' ? [[`authentication.kubernetes.io/${name}`, [value]]] : [],
    ),
  )
}
