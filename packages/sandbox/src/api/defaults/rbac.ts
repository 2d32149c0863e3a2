import type { ApiObject } from '../object.ts'
import { isRecord, listAt } from '../objects/fields.ts'

const RBAC = 'rbac.authorization.k8s.io'

/** A ServiceAccount is of the core group, users and groups are of the RBAC group. */
export function defaultSubjects(object: ApiObject): void {
  const { roleRef } = object
  if (isRecord(roleRef)) roleRef['apiGroup'] ||= RBAC
  for (const subject of listAt(object, 'subjects')) {
    if (isRecord(subject) && subject['kind'] !== 'ServiceAccount') subject['apiGroup'] ??= RBAC
  }
}
