import type { KubeObject, OwnerReference } from './objects.ts'

/**
 * The reference with which a dependent object is deleted together with `owner`.
 *
 * `controller: true` also says that the owner manages it; an object has at most one such owner.
 *
 * @throws TypeError when `owner` has no uid yet: it must be one that the server has returned.
 */
export function ownerReferenceTo(owner: KubeObject, { controller = false } = {}): OwnerReference {
  const { name, uid } = owner.metadata
  if (uid === undefined) throw new TypeError(`${owner.kind} "${name}" has no uid: create it before it owns anything`)
  const reference = { apiVersion: owner.apiVersion, kind: owner.kind, name, uid }
  return controller ? { ...reference, controller: true, blockOwnerDeletion: true } : reference
}
