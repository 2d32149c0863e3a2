import { pathIn } from './bodies.ts'
import type { Request, ServerUnderTest } from './case.ts'

// Roles, and a user of the case's own to whom they are given.

export const RBAC = 'rbac.authorization.k8s.io'
export const RBAC_VERSION = `${RBAC}/v1`

export type Rule = Readonly<Record<string, readonly string[]>>

export const READ_MAPS: Rule = { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch'] }

/** A user whom grants of other cases cannot reach. */
export function userOf({ namespace }: ServerUnderTest): { readonly user: string } {
  return { user: `eve-${namespace}` }
}

export function role(name: string, rules: readonly Rule[]): object {
  return { metadata: { name }, rules }
}

export function binding(name: string, user: string, roleName: string, kind = 'Role'): object {
  const subjects = [{ kind: 'User', apiGroup: RBAC, name: user }]
  return { metadata: { name }, roleRef: { apiGroup: RBAC, kind, name: roleName }, subjects }
}

export const isAllowed = ({ status }: { readonly status: number }): boolean => status !== 403

/** Gives the case's user rules in its namespace. Resolves when `known` is allowed: Kubernetes caches roles for a moment. */
export async function grant(server: ServerUnderTest, rules: readonly Rule[], known: Request): Promise<void> {
  const { namespace, prepare, until } = server
  await prepare({ method: 'POST', path: pathIn(namespace, 'roles', RBAC_VERSION), body: role('own', rules) })
  const body = binding('own', userOf(server).user, 'own')
  await prepare({ method: 'POST', path: pathIn(namespace, 'rolebindings', RBAC_VERSION), body })
  await until({ ...known, as: userOf(server) }, isAllowed)
}
