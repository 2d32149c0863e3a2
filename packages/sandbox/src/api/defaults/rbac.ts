import type { ApiObject } from '../object.ts'
import { isRecord, listAt, recordAt } from '../objects/fields.ts'

const RBAC = 'rbac.authorization.k8s.io'

/** A role without rules says so. */
export function defaultRules(role: ApiObject): void {
  role['rules'] ??= null
}

/** Roles, users and groups are of the RBAC group; a ServiceAccount is of the core group. */
export function defaultSubjects(binding: ApiObject): void {
  recordAt(binding, 'roleRef')['apiGroup'] ||= RBAC
  for (const subject of listAt(binding, 'subjects')) {
    if (!isRecord(subject)) continue
    if (subject['kind'] === 'User' || subject['kind'] === 'Group') subject['apiGroup'] ||= RBAC
  }
}
