import { MASTERS } from '../authentication/user.ts'
import type { User } from '../authentication/user.ts'
import type { ApiObject } from '../object.ts'
import { stringAt } from '../objects/fields.ts'
import type { ObjectStore } from '../store/store.ts'
import type { Attributes } from './attributes.ts'
import { BindingIndex, CLUSTER_ROLES, ROLES } from './binding-index.ts'
import type { BoundSubject } from './binding-index.ts'
import { forbiddenTo } from './refusal.ts'
import { allows, rulesOf } from './rules.ts'
import type { PolicyRule } from './rules.ts'

/** Whether somebody may do something, and why, where there is something to say. */
export interface Decision {
  readonly allowed: boolean
  /** `RBAC: allowed by …`, or the roles that bindings name and nobody made. */
  readonly reason?: string
}

/** What a user is granted, and the bindings that lead nowhere. */
export interface GrantedRules {
  readonly rules: readonly PolicyRule[]
  readonly problems: readonly string[]
}

/** Decides by the roles and bindings in the store (RBAC); members of `system:masters` may do everything. */
export class Authorizer {
  readonly #store: ObjectStore
  readonly #bindings: BindingIndex

  constructor(store: ObjectStore) {
    this.#store = store
    this.#bindings = new BindingIndex(store)
  }

  decide(user: User, attributes: Attributes): Decision {
    if (user.groups.includes(MASTERS)) return { allowed: true }
    const problems: string[] = []
    for (const bound of this.#bindingsOf(user, attributes.kind === 'path' ? '' : attributes.namespace)) {
      const role = this.roleOf(bound.binding)
      if (!role) problems.push(missing(bound.binding))
      else if (rulesOf(role).some((rule) => allows(rule, attributes)))
        return { allowed: true, reason: allowedBy(bound) }
    }
    return { allowed: false, ...(problems.length > 0 && { reason: `RBAC: ${aggregated(problems)}` }) }
  }

  /** @throws StatusError 403 where the user may not. */
  require(user: User, attributes: Attributes): void {
    const { allowed, reason } = this.decide(user, attributes)
    if (!allowed) throw forbiddenTo(user, attributes, reason)
  }

  /** Everything that roles grant a user in a namespace, and in the whole cluster. */
  rulesFor(user: User, namespace: string): GrantedRules {
    const bindings = this.#bindingsOf(user, namespace).map(({ binding }) => ({ binding, role: this.roleOf(binding) }))
    return {
      rules: bindings.flatMap(({ role }) => (role ? rulesOf(role) : [])),
      problems: bindings.filter(({ role }) => !role).map(({ binding }) => missing(binding)),
    }
  }

  /** The role that a binding grants, or undefined where nobody made it. */
  roleOf(binding: ApiObject): ApiObject | undefined {
    const name = stringAt(binding, 'roleRef', 'name') ?? ''
    if (stringAt(binding, 'roleRef', 'kind') === 'ClusterRole') return this.#store.get(CLUSTER_ROLES, '', name)
    return this.#store.get(ROLES, binding.metadata.namespace ?? '', name)
  }

  #bindingsOf(user: User, namespace: string): BoundSubject[] {
    const everywhere = this.#bindings.of(user, '')
    return namespace === '' ? everywhere : [...everywhere, ...this.#bindings.of(user, namespace)]
  }
}

/** `RBAC: allowed by RoleBinding "view/demo" of ClusterRole "view" to User "bob"` */
function allowedBy({ binding, subject }: BoundSubject): string {
  const { name, namespace } = binding.metadata
  const qualified = JSON.stringify(namespace === undefined ? name : `${name}/${namespace}`)
  const role = `${stringAt(binding, 'roleRef', 'kind')} ${JSON.stringify(stringAt(binding, 'roleRef', 'name'))}`
  return `RBAC: allowed by ${binding.kind} ${qualified} of ${role} to ${subject}`
}

function missing(binding: ApiObject): string {
  const kind = (stringAt(binding, 'roleRef', 'kind') ?? '').toLowerCase()
  return `${kind}.rbac.authorization.k8s.io ${JSON.stringify(stringAt(binding, 'roleRef', 'name'))} not found`
}

/** Several errors as Go writes them, each once. */
export function aggregated(problems: readonly string[]): string {
  const distinct = [...new Set(problems)]
  return distinct.length === 1 ? distinct.join('') : `[${distinct.join(', ')}]`
}
