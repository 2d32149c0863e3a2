import type { IncomingMessage } from 'node:http'
import type { Attributes } from '../authorization/attributes.ts'
import { StatusError } from '../status.ts'
import { ANONYMOUS, AUTHENTICATED, serviceAccountGroups, serviceAccountOf, UNAUTHENTICATED } from './user.ts'
import type { User } from './user.ts'

type Headers = Readonly<NodeJS.Dict<string[]>>

const GROUP = 'authentication.k8s.io'
const EXTRA = 'impersonate-extra-'

/** Whom a request wants to be, and what its sender has to be allowed for it, in the order in which it is asked. */
export interface Impersonation {
  readonly user: User
  readonly needs: readonly Attributes[]
}

/**
 * What the `Impersonate-…` headers ask for; undefined without them.
 * @throws StatusError 500 for groups, uid or extra fields of nobody, as kube-apiserver.
 */
export function impersonationIn({
  headersDistinct,
}: Pick<IncomingMessage, 'headersDistinct'>): Impersonation | undefined {
  const username = headersDistinct['impersonate-user']?.[0] ?? ''
  const groups = headersDistinct['impersonate-group'] ?? []
  const uid = headersDistinct['impersonate-uid']?.[0] ?? ''
  const extra = extraIn(headersDistinct)
  if (username !== '') return impersonation(username, { groups, uid, extra })
  if (groups.length > 0 || uid !== '' || Object.keys(extra).length > 0) throw ofNobody()
  return undefined
}

interface Wish {
  readonly groups: readonly string[]
  readonly uid: string
  readonly extra: Readonly<Record<string, readonly string[]>>
}

function impersonation(username: string, wish: Wish): Impersonation {
  const { groups, uid, extra } = wish
  const user = {
    username,
    ...(uid !== '' && { uid }),
    groups: groupsOf(username, groups),
    ...(Object.keys(extra).length > 0 && { extra }),
  }
  const extras = Object.entries(extra).flatMap(([key, values]) => {
    return values.map((name) => need({ group: GROUP, resource: 'userextras', subresource: key, name }))
  })
  return {
    user,
    needs: [
      needOfUser(username),
      ...groups.map((name) => need({ resource: 'groups', name })),
      ...extras,
      ...(uid === '' ? [] : [need({ group: GROUP, resource: 'uids', name: uid })]),
    ],
  }
}

/** A ServiceAccount has its groups, unless others are named; everybody but the anonymous is authenticated. */
function groupsOf(username: string, named: readonly string[]): string[] {
  const account = serviceAccountOf(username)
  const groups = named.length === 0 && account ? serviceAccountGroups(account.namespace) : [...named]
  if (groups.includes(UNAUTHENTICATED) || groups.includes(AUTHENTICATED)) return groups
  return [...groups, username === ANONYMOUS.username ? UNAUTHENTICATED : AUTHENTICATED]
}

function needOfUser(username: string): Attributes {
  const account = serviceAccountOf(username)
  return account ? need({ resource: 'serviceaccounts', ...account }) : need({ resource: 'users', name: username })
}

function need(of: {
  resource: string
  name: string
  group?: string
  subresource?: string
  namespace?: string
}): Attributes {
  return { kind: 'resource', verb: 'impersonate', group: '', subresource: '', namespace: '', ...of }
}

/** `Impersonate-Extra-scopes: view`: the name of a field, percent-encoded, and one of its values. */
function extraIn(headers: Headers): Record<string, readonly string[]> {
  const named = Object.entries(headers).flatMap(([name, values = []]) => {
    return name.startsWith(EXTRA) ? [[unescaped(name.slice(EXTRA.length)), values] as const] : []
  })
  return Object.fromEntries(named)
}

function unescaped(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}

function ofNobody(): StatusError {
  const message = 'requested groups, a uid or extra fields without impersonating a user'
  return new StatusError(500, 'InternalError', `Internal error occurred: ${message}`)
}
