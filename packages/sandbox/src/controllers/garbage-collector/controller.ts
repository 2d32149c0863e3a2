import { isConflict, isNotFound, knownKind, refTo } from '@nexus/kube'
import type { Informer, Kind, KubeObject, OwnerReference } from '@nexus/kube'
import { Kinds } from '@nexus/kube'
import { runReconciler } from '../runtime/controller.ts'
import type { ControllerContext, Source } from '../runtime/controller.ts'
import { BUILT_IN_KINDS, customKind, isEstablished } from '../runtime/informers.ts'
import { isBeingDeleted } from '../runtime/objects.ts'
import { createOwnerGraph, judge } from './graph.ts'
import type { Node, OwnedBy, OwnerGraph, OwnerState } from './graph.ts'

const FOREGROUND = 'foregroundDeletion'
const ORPHAN = 'orphan'

/** Events own nothing and are many; Leases are renewed all the time. */
const NOT_FOLLOWED = new Set<Kind>([Kinds.Event, Kinds.Lease])

/**
 * Deletes what has lost its owners, and carries out foreground and orphan deletion. Keys are uids. An owner counts as gone
 * only when the API server says so, whatever the watches have told.
 */
export async function runGarbageCollector(context: ControllerContext): Promise<void> {
  const collector = new GarbageCollector(context)
  await runReconciler(context, {
    name: 'garbage-collector',
    sources: [collector],
    reconcile: (uid) => collector.reconcile(uid),
  })
}

class GarbageCollector implements Source {
  readonly synced: Promise<void>
  readonly #context: ControllerContext
  readonly #graph: OwnerGraph = createOwnerGraph()
  readonly #followed = new Map<Kind, Informer<KubeObject>>()
  #add: (uid: string) => void = () => {}

  constructor(context: ControllerContext) {
    this.#context = context
    this.synced = this.#followAll()
  }

  feed(add: (uid: string) => void): () => void {
    this.#add = add
    for (const informer of this.#followed.values()) for (const object of informer.list()) this.#enqueue(object)
    return () => {
      this.#add = () => {}
    }
  }

  async #followAll(): Promise<void> {
    const definitions = this.#context.informers.of(Kinds.CustomResourceDefinition)
    await definitions.synced
    definitions.onChange(({ type, object }) => {
      const kind = type === 'DELETED' || !isEstablished(object) ? undefined : customKind(object)
      if (kind) this.#follow(kind)
    })
    const custom = definitions
      .list()
      .filter(isEstablished)
      .flatMap((definition) => customKind(definition) ?? [])
    const kinds = [...BUILT_IN_KINDS.filter((kind) => !NOT_FOLLOWED.has(kind)), ...custom]
    await Promise.all(kinds.map((kind) => this.#follow(kind).synced))
  }

  #follow(kind: Kind): Informer<KubeObject> {
    const sameKind = ([known]: [Kind, unknown]) => known.apiVersion === kind.apiVersion && known.kind === kind.kind
    const known = [...this.#followed].find(sameKind)?.[1]
    if (known) return known
    const informer = this.#context.informers.of(kind)
    this.#followed.set(kind, informer)
    void informer.stopped.then(() => this.#followed.delete(kind))
    for (const object of informer.list()) this.#graph.put(kind, object)
    informer.onChange(({ type, object }) => {
      if (type === 'DELETED') this.#forget(object)
      else this.#graph.put(kind, object)
      this.#enqueue(object)
    })
    return informer
  }

  /** Who depended on it loses an owner, and an owner that waited for it may go. */
  #forget(object: KubeObject): void {
    this.#graph.remove(object)
    for (const owner of object.metadata.ownerReferences ?? []) this.#add(owner.uid)
    for (const { object: dependent } of this.#graph.dependentsOf(object.metadata.uid ?? '')) this.#enqueue(dependent)
  }

  #enqueue({ metadata }: KubeObject): void {
    const isOwned = (metadata.ownerReferences ?? []).length > 0
    if (metadata.uid !== undefined && (isOwned || metadata.deletionTimestamp !== undefined)) this.#add(metadata.uid)
  }

  async reconcile(uid: string): Promise<void> {
    const node = this.#graph.byUid(uid)
    if (node === undefined) return
    if (isBeingDeleted(node.object)) await this.#finishDeletion(node)
    else await this.#collect(node)
  }

  async #finishDeletion(node: Node): Promise<void> {
    const finalizers = node.object.metadata.finalizers ?? []
    const dependents = this.#graph.dependentsOf(node.object.metadata.uid ?? '')
    if (finalizers.includes(ORPHAN)) {
      for (const dependent of dependents) await this.#unlink(dependent, [node.object.metadata.uid ?? ''])
      await this.#removeFinalizer(node, ORPHAN)
    } else if (finalizers.includes(FOREGROUND)) {
      const blocking = dependents.filter(({ object }) => isBlocking(object, node.object))
      if (blocking.length === 0) await this.#removeFinalizer(node, FOREGROUND)
      for (const { object } of dependents) this.#add(object.metadata.uid ?? '')
    }
  }

  async #collect(node: Node): Promise<void> {
    const references = node.object.metadata.ownerReferences ?? []
    const owners: OwnedBy[] = []
    for (const reference of references) {
      const state = await this.#ownerState(node, reference)
      // An owner of a kind that is not followed here is somebody else's to judge.
      owners.push({ reference, state: state ?? 'present' })
    }
    const hasDependents = this.#graph.dependentsOf(node.object.metadata.uid ?? '').length > 0
    const verdict = judge(node.object, owners, hasDependents)
    if (verdict.action === 'unlink') await this.#unlink(node, verdict.uids)
    if (verdict.action === 'delete') await this.#delete(node, verdict.propagationPolicy)
  }

  async #ownerState({ kind, object }: Node, reference: OwnerReference): Promise<OwnerState | undefined> {
    const known = this.#graph.byUid(reference.uid)?.object
    if (known) return isBeingDeleted(known) && known.metadata.finalizers?.includes(FOREGROUND) ? 'waiting' : 'present'
    const ownerKind = this.#kindOf(reference)
    if (ownerKind === undefined || (ownerKind.namespaced && !kind.namespaced)) return undefined
    const namespace = ownerKind.namespaced ? object.metadata.namespace : undefined
    try {
      const found = await this.#context.kube.get({ kind: ownerKind, name: reference.name, namespace })
      return found.metadata.uid === reference.uid ? 'present' : 'absent'
    } catch (thrown) {
      if (isNotFound(thrown)) return 'absent'
      throw thrown
    }
  }

  /** References name a version that may not be the followed one: group and kind decide. */
  #kindOf({ apiVersion, kind }: OwnerReference): Kind | undefined {
    const exact = knownKind(apiVersion, kind)
    const followed = [...this.#followed.keys()]
    if (exact && followed.includes(exact)) return exact
    return followed.find((other) => other.kind === kind && groupOf(other.apiVersion) === groupOf(apiVersion))
  }

  async #delete({ kind, object }: Node, propagationPolicy: 'Background' | 'Foreground' | 'Orphan'): Promise<void> {
    const { uid, resourceVersion } = object.metadata
    // The version too: an owner that was added meanwhile must save it.
    const preconditions = {
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
    }
    const ref = refTo(kind, object.metadata)
    await unlessGone(this.#context.kube.delete(ref, { propagationPolicy, preconditions }))
  }

  async #unlink({ kind, object }: Node, uids: readonly string[]): Promise<void> {
    const { ownerReferences = [], resourceVersion } = object.metadata
    const left = ownerReferences.filter(({ uid }) => !uids.includes(uid))
    const body = { metadata: { resourceVersion, ownerReferences: left } }
    await unlessGone(this.#context.kube.patch(refTo(kind, object.metadata), { type: 'merge', body }))
  }

  async #removeFinalizer({ kind, object }: Node, finalizer: string): Promise<void> {
    const { finalizers = [], resourceVersion } = object.metadata
    const left = finalizers.filter((other) => other !== finalizer)
    const body = { metadata: { resourceVersion, finalizers: left } }
    await unlessGone(this.#context.kube.patch(refTo(kind, object.metadata), { type: 'merge', body }))
  }
}

function isBlocking(dependent: KubeObject, owner: KubeObject): boolean {
  const reference = dependent.metadata.ownerReferences?.find(({ uid }) => uid === owner.metadata.uid)
  return reference?.blockOwnerDeletion === true
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
}

/** A conflict means a newer version is on its way to us, which is judged anew. */
async function unlessGone(write: Promise<unknown>): Promise<void> {
  try {
    await write
  } catch (thrown) {
    if (!isNotFound(thrown) && !isConflict(thrown)) throw thrown
  }
}
