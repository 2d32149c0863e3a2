import { randomUUID } from 'node:crypto'
import type { ApiObject } from '../object.ts'
import { isRecord, listAt, stringAt } from '../objects/fields.ts'
import type { ObjectStore } from '../store/store.ts'
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES } from './binding-index.ts'
import { DEFAULT_BINDINGS, DEFAULT_ROLES } from './default-roles.ts'
import type { DefaultRole } from './default-roles.ts'
import { missingRights } from './escalation.ts'
import { parseRules } from './rules.ts'

const GROUP = 'rbac.authorization.k8s.io'
const AUTOUPDATE = 'rbac.authorization.kubernetes.io/autoupdate'

/**
 * Makes the roles and bindings that every cluster has, and gives those that are there back what they lost. What else they
 * got stays; one whose `autoupdate` annotation says `false` is left alone.
 */
export function restoreDefaultPolicy(store: ObjectStore, creationTimestamp: string): void {
  const fresh = (): object => ({ uid: randomUUID(), creationTimestamp })
  for (const role of DEFAULT_ROLES) restore(store, CLUSTER_ROLES, roleObject(role, fresh()), completeRole)
  for (const [name, groups] of Object.entries(DEFAULT_BINDINGS)) {
    restore(store, CLUSTER_ROLE_BINDINGS, bindingObject(name, groups, fresh()), completeBinding)
  }
}

type Complete = (existing: ApiObject, wanted: ApiObject) => ApiObject | undefined

function restore(store: ObjectStore, key: string, wanted: ApiObject, complete: Complete): void {
  const existing = store.get(key, '', wanted.metadata.name)
  if (existing?.metadata.annotations?.[AUTOUPDATE] === 'false') return
  const next = existing ? complete(existing, wanted) : wanted
  if (next) store.put(key, next)
}

function completeRole(existing: ApiObject, wanted: ApiObject): ApiObject | undefined {
  const [held, rules] = [parseRules(existing), listAt(wanted, 'rules')]
  const lost = rules.filter((rule) => missingRights(held, parseRules({ ...wanted, rules: [rule] })).length > 0)
  return lost.length === 0 ? undefined : { ...existing, rules: [...listAt(existing, 'rules'), ...lost] }
}

function completeBinding(existing: ApiObject, wanted: ApiObject): ApiObject | undefined {
  const names = new Set(listAt(existing, 'subjects').map((subject) => stringAt(subject, 'name')))
  const lost = listAt(wanted, 'subjects').filter(
    (subject) => isRecord(subject) && !names.has(stringAt(subject, 'name')),
  )
  return lost.length === 0 ? undefined : { ...existing, subjects: [...listAt(existing, 'subjects'), ...lost] }
}

function roleObject({ name, rules, gathers, aggregatesTo }: DefaultRole, fresh: object): ApiObject {
  return {
    kind: 'ClusterRole',
    apiVersion: `${GROUP}/v1`,
    metadata: metadataOf(name, fresh, aggregatesTo === undefined ? {} : aggregationLabel(aggregatesTo)),
    rules: rules ?? null,
    ...(gathers !== undefined && {
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregationLabel(gathers) }] },
    }),
  }
}

function bindingObject(name: string, groups: readonly string[], fresh: object): ApiObject {
  return {
    kind: 'ClusterRoleBinding',
    apiVersion: `${GROUP}/v1`,
    metadata: metadataOf(name, fresh),
    roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name },
    subjects: groups.map((group) => ({ apiGroup: GROUP, kind: 'Group', name: group })),
  }
}

function aggregationLabel(role: string): Record<string, string> {
  return { [`${GROUP}/aggregate-to-${role}`]: 'true' }
}

function metadataOf(name: string, fresh: object, labels: object = {}): ApiObject['metadata'] {
  return {
    name,
    ...fresh,
    annotations: { [AUTOUPDATE]: 'true' },
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
  }
}
