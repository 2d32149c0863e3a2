import { isDeepStrictEqual } from 'node:util'
import { MASTERS } from '../authentication/user.ts'
import type { Call } from '../cluster.ts'
import { forbidden, notFound } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { stringAt } from '../objects/fields.ts'
import { gathersRules } from './aggregation.ts'
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES } from './binding-index.ts'
import { aggregated } from './authorizer.ts'
import { countRights, describeEscalation, missingRights } from './escalation.ts'
import { parseRules, rulesOf } from './rules.ts'
import type { PolicyRule } from './rules.ts'

const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: [], nonResourceURLs: [] },
  { verbs: ['*'], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: ['*'] },
]

/**
 * Lets nobody give away what he may not do himself: a role needs all that it grants, or the verb `escalate`; a binding
 * all that its role grants, or the verb `bind` on it.
 * @throws StatusError 403, and 404 for a binding to a role that is not there.
 */
export function guardGrant(call: Call, object: ApiObject, existing?: ApiObject): void {
  const { storageKey } = call.resource
  if (!GUARDED.has(storageKey) || call.user.groups.includes(MASTERS)) return
  if (existing && isDeepStrictEqual(withoutOwnership(object), withoutOwnership(existing))) return
  if (storageKey === ROLES || storageKey === CLUSTER_ROLES) guardRole(call, object, existing)
  else guardBinding(call, object)
}

const GUARDED = new Set([ROLES, CLUSTER_ROLES, ROLE_BINDINGS, CLUSTER_ROLE_BINDINGS])

/** What the garbage collector may write everywhere is no grant. */
function withoutOwnership({ metadata, ...rest }: ApiObject): object {
  const { ownerReferences: _owners, finalizers: _finalizers, managedFields: _fields, ...kept } = metadata
  return { ...rest, metadata: { ...kept, resourceVersion: undefined } }
}

function guardRole(call: Call, role: ApiObject, existing: ApiObject | undefined): void {
  const { cluster, resource, path, user } = call
  const { group, plural } = resource
  const where = { kind: 'resource', group, resource: plural, subresource: '', namespace: path.namespace } as const
  if (cluster.authorizer.decide(user, { ...where, verb: 'escalate', name: path.name }).allowed) return
  guardRules(call, role, parseRules(role))
  if (gathersRules(role) || (existing && gathersRules(existing))) guardAggregation(call, role)
}

/**
 * What a role gathers is not known beforehand, so only those who may do everything may write such a role, even where its
 * rule stays: a label is enough to make another role gather it.
 */
function guardAggregation({ cluster, resource, user, path }: Call, { metadata }: ApiObject): void {
  const { rules } = cluster.authorizer.rulesFor(user, path.namespace)
  if (missingRights(rules, EVERYTHING).length === 0) return
  throw forbidden(resource, metadata.name, 'must have cluster-admin privileges to use the aggregationRule')
}

function guardBinding(call: Call, binding: ApiObject): void {
  const { cluster, resource, user, path } = call
  const name = stringAt(binding, 'roleRef', 'name') ?? ''
  const isClusterRole = stringAt(binding, 'roleRef', 'kind') === 'ClusterRole'
  const plural = isClusterRole ? 'clusterroles' : 'roles'
  const place = { group: resource.group, resource: plural, subresource: '', namespace: path.namespace }
  if (cluster.authorizer.decide(user, { kind: 'resource', verb: 'bind', ...place, name }).allowed) return
  const role = cluster.authorizer.roleOf({ ...binding, metadata: { ...binding.metadata, namespace: path.namespace } })
  if (!role) throw notFound(resource, name)
  guardRules(call, binding, rulesOf(role))
}

/** More would keep the server from everything else: a short rule of long lists grants billions of rights. */
const MOST_COMPARISONS = 10_000_000
/** So many rules everybody is taken to have, so that few rules are no leave to grant rights without end. */
const FEWEST_RULES = 100

function guardRules(
  { cluster, resource, user, path }: Call,
  { metadata }: ApiObject,
  wanted: readonly PolicyRule[],
): void {
  const { rules, problems } = cluster.authorizer.rulesFor(user, path.namespace)
  const count = countRights(wanted)
  if (count * Math.max(rules.length, FEWEST_RULES) > MOST_COMPARISONS) {
    throw forbidden(
      resource,
      metadata.name,
      `${count} single rights are too many to be compared with those of the user`,
    )
  }
  const missing = missingRights(rules, wanted)
  if (missing.length === 0) return
  const unresolved = problems.length === 0 ? '' : `; resolution errors: ${aggregated(problems)}`
  throw forbidden(resource, metadata.name, `${describeEscalation(user, missing)}${unresolved}`)
}
