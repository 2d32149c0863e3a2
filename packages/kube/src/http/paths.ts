import type { Kind, ObjectRef, Subresource } from '../client.ts'
import type { KubeObject } from '../objects.ts'

/** `/api/v1` or `/apis/<group>/<version>`: the core group has a root of its own. */
export function groupVersionPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
}

/** All objects of a kind, in one namespace or in all. */
export function collectionPath(kind: Kind, namespace?: string): string {
  const scope = kind.namespaced && namespace !== undefined ? `/namespaces/${segment(namespace, 'namespace')}` : ''
  return `${groupVersionPath(kind.apiVersion)}${scope}/${kind.plural}`
}

/**
 * The collection that an object belongs to, where it is created.
 *
 * @throws TypeError for a namespaced kind without a namespace.
 */
export function homePath<T extends KubeObject>({ kind, name, namespace }: ObjectRef<T>): string {
  if (kind.namespaced && namespace === undefined) {
    throw new TypeError(`${kind.kind} "${name}" needs a namespace: give one, or wrap the client in withNamespace`)
  }
  return collectionPath(kind, namespace)
}

/**
 * One object.
 *
 * @throws TypeError for an empty name, with which a DELETE would reach the whole collection, and for a namespaced kind
 * without a namespace.
 */
export function objectPath<T extends KubeObject>(ref: ObjectRef<T>, subresource?: Subresource | 'log'): string {
  const path = `${homePath(ref)}/${segment(ref.name, 'name')}`
  return subresource === undefined ? path : `${path}/${subresource}`
}

/** `path` with the parameters that have a value. */
export function withQuery(path: string, params: Record<string, string | number | boolean | undefined>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined) query.set(name, String(value))
  }
  return query.size === 0 ? path : `${path}?${query.toString()}`
}

/** A name as one path segment; `.` and `..` would be another path, and no object may have these names. */
function segment(name: string, what: string): string {
  if (name === '' || name === '.' || name === '..') throw new TypeError(`"${name}" is not the ${what} of an object`)
  return encodeURIComponent(name)
}
