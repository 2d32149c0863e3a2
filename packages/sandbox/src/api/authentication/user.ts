/** Who sends a request. */
export interface User {
  readonly username: string
  readonly uid?: string
  readonly groups: readonly string[]
  /** What else is known of the user: the pod that a token is bound to, the scopes of an impersonation. */
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/** The group whose members may do everything, whatever the roles say. */
export const MASTERS = 'system:masters'
export const AUTHENTICATED = 'system:authenticated'
export const UNAUTHENTICATED = 'system:unauthenticated'

/** Who sends a request without a token. */
export const ANONYMOUS: User = { username: 'system:anonymous', groups: [UNAUTHENTICATED] }

/** The user whose token the server is started with. */
export const ADMINISTRATOR: User = { username: 'admin', uid: 'admin', groups: [MASTERS, AUTHENTICATED] }

const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/

/** The name under which a ServiceAccount is a user. */
export function serviceAccountUsername(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`
}

/** The ServiceAccount that a username stands for, or undefined where it is no ServiceAccount's. */
export function serviceAccountOf(username: string): { namespace: string; name: string } | undefined {
  const [, namespace, name] = SERVICE_ACCOUNT.exec(username) ?? []
  return namespace === undefined || name === undefined ? undefined : { namespace, name }
}

/** The groups of every ServiceAccount of a namespace. */
export function serviceAccountGroups(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
}
