import { serviceAccountOf, serviceAccountUsername } from '../authentication/user.ts'
import type { User } from '../authentication/user.ts'
import type { ApiObject } from '../object.ts'
import { listAt, stringAt } from '../objects/fields.ts'
import type { ObjectStore } from '../store/store.ts'

export const ROLES = 'roles.rbac.authorization.k8s.io'
export const CLUSTER_ROLES = 'clusterroles.rbac.authorization.k8s.io'
export const ROLE_BINDINGS = 'rolebindings.rbac.authorization.k8s.io'
export const CLUSTER_ROLE_BINDINGS = 'clusterrolebindings.rbac.authorization.k8s.io'

/** A binding, and the subject by which it concerns a user. */
export interface BoundSubject {
  readonly binding: ApiObject
  /** `Group "system:authenticated"`, `ServiceAccount "robot/demo"`. */
  readonly subject: string
}

/**
 * Which bindings concern whom, kept up with the store: a decision looks at the bindings of one user, however many there
 * are.
 */
export class BindingIndex {
  /** By namespace (empty for the whole cluster) and subject, then by the binding's name. */
  readonly #bySubject = new Map<string, Map<string, BoundSubject>>()

  constructor(store: ObjectStore) {
    for (const key of [CLUSTER_ROLE_BINDINGS, ROLE_BINDINGS]) {
      for (const binding of store.list(key)) this.#add(binding)
      store.subscribe(key, ({ type, object, previous }) => {
        if (previous) this.#remove(previous)
        if (type !== 'DELETED') this.#add(object)
      })
    }
  }

  /** The bindings of a user in a namespace; in the empty one, those that hold in the whole cluster. */
  of(user: User, namespace: string): BoundSubject[] {
    const subjects = [userKey(user.username), ...user.groups.map((group) => groupKey(group))]
    return subjects.flatMap((subject) => [...(this.#bySubject.get(`${namespace}|${subject}`)?.values() ?? [])])
  }

  #add(binding: ApiObject): void {
    for (const { key, subject } of subjectsOf(binding)) {
      const bindings = this.#bySubject.get(key) ?? new Map<string, BoundSubject>()
      bindings.set(binding.metadata.name, { binding, subject })
      this.#bySubject.set(key, bindings)
    }
  }

  #remove(binding: ApiObject): void {
    for (const { key } of subjectsOf(binding)) {
      const bindings = this.#bySubject.get(key)
      bindings?.delete(binding.metadata.name)
      if (bindings?.size === 0) this.#bySubject.delete(key)
    }
  }
}

function userKey(username: string): string {
  return `User:${username}`
}

function groupKey(group: string): string {
  return `Group:${group}`
}

function subjectsOf(binding: ApiObject): { key: string; subject: string }[] {
  const { namespace = '' } = binding.metadata
  return listAt(binding, 'subjects').flatMap((subject) => {
    const name = stringAt(subject, 'name') ?? ''
    switch (stringAt(subject, 'kind') ?? '') {
      case 'User':
        return { key: `${namespace}|${userKey(name)}`, subject: `User ${JSON.stringify(name)}` }
      case 'Group':
        return { key: `${namespace}|${groupKey(name)}`, subject: `Group ${JSON.stringify(name)}` }
      case 'ServiceAccount':
        return serviceAccount(namespace, stringAt(subject, 'namespace') || namespace, name)
      default:
        return []
    }
  })
}

function serviceAccount(scope: string, namespace: string, name: string): { key: string; subject: string }[] {
  const username = serviceAccountUsername(namespace, name)
  // A name or namespace with a colon would be another account's.
  if (serviceAccountOf(username) === undefined) return []
  return [{ key: `${scope}|${userKey(username)}`, subject: `ServiceAccount ${JSON.stringify(`${name}/${namespace}`)}` }]
}
