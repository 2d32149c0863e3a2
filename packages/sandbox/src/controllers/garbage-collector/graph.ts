import type { Kind, KubeObject, OwnerReference } from '@nexus/kube'

/** One object in the graph of owners. */
export interface Node {
  readonly kind: Kind
  readonly object: KubeObject
}

/** Who owns whom, kept current by `put` and `remove`. */
export interface OwnerGraph {
  put(kind: Kind, object: KubeObject): void
  remove(object: KubeObject): void
  byUid(uid: string): Node | undefined
  dependentsOf(uid: string): Node[]
}

export function createOwnerGraph(): OwnerGraph {
  const nodes = new Map<string, Node>()
  const dependents = new Map<string, Set<string>>()

  function unlink(uid: string): void {
    for (const owner of nodes.get(uid)?.object.metadata.ownerReferences ?? []) {
      const known = dependents.get(owner.uid)
      known?.delete(uid)
      // An owner often goes before what it owned: nobody else would forget it.
      if (known?.size === 0) dependents.delete(owner.uid)
    }
  }

  return {
    put(kind, object) {
      const { uid, ownerReferences = [] } = object.metadata
      if (uid === undefined) return
      unlink(uid)
      nodes.set(uid, { kind, object })
      for (const owner of ownerReferences) {
        const known = dependents.get(owner.uid) ?? new Set()
        dependents.set(owner.uid, known.add(uid))
      }
    },
    remove({ metadata: { uid = '' } }) {
      unlink(uid)
      nodes.delete(uid)
    },
    byUid: (uid) => nodes.get(uid),
    dependentsOf: (uid) => [...(dependents.get(uid) ?? [])].flatMap((dependent) => nodes.get(dependent) ?? []),
  }
}

/** What is known about the owner that a reference names. */
export type OwnerState =
  /** It is there. */
  | 'present'
  /** It is there, being deleted, and waits until its dependents are gone. */
  | 'waiting'
  | 'absent'

export interface OwnedBy {
  readonly reference: OwnerReference
  readonly state: OwnerState
}

/** What the garbage collector does with an object because of its owners. */
export type Verdict =
  | { readonly action: 'keep' }
  | { readonly action: 'unlink'; readonly uids: readonly string[] }
  | { readonly action: 'delete'; readonly propagationPolicy: 'Background' | 'Foreground' | 'Orphan' }

/**
 * An object goes when none of its owners stays (`attemptToDeleteItem` in kubernetes
 * pkg/controller/garbagecollector/garbagecollector.go). A reference to an owner that is gone is removed while another
 * owner stays.
 */
export function judge(object: KubeObject, owners: readonly OwnedBy[], hasDependents: boolean): Verdict {
  if (owners.length === 0) return { action: 'keep' }
  const leaving = owners.filter(({ state }) => state !== 'present')
  if (leaving.length < owners.length) {
    const uids = leaving.map(({ reference }) => reference.uid)
    return uids.length === 0 ? { action: 'keep' } : { action: 'unlink', uids }
  }
  const isWaitedFor = leaving.some(({ state }) => state === 'waiting')
  if (isWaitedFor && hasDependents) return { action: 'delete', propagationPolicy: 'Foreground' }
  return { action: 'delete', propagationPolicy: policyOf(object) }
}

/** A policy that somebody has asked for already is kept. */
function policyOf({ metadata }: KubeObject): 'Background' | 'Foreground' | 'Orphan' {
  if (metadata.finalizers?.includes('orphan') === true) return 'Orphan'
  return metadata.finalizers?.includes('foregroundDeletion') === true ? 'Foreground' : 'Background'
}
