import { timestamp } from '../cluster.ts'
import type { Call } from '../cluster.ts'
import { forbidden, preconditionFailed } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { numberAt, stringAt } from '../objects/fields.ts'
import { present } from '../objects/present.ts'
import { selectionOf } from '../objects/selection.ts'
import { resourcesOfDefinition } from '../resources/custom.ts'
import { parseDeleteOptions } from './delete-options.ts'
import type { DeleteOptions, PropagationPolicy } from './delete-options.ts'
import { CLEANUP_FINALIZER, DEFINITIONS, finishDefinition, isFinished, phaseOf, removeObject } from './removal.ts'
import { requireObject } from './update.ts'

/** What became of a deletion: the object is gone, or it is still there and waits for somebody. */
export interface Deletion {
  readonly object: ApiObject
  readonly gone: boolean
}

const NAMESPACES = 'namespaces'
const KEPT_NAMESPACES = new Set(['default', 'kube-system', 'kube-public'])
/** The finalizers that carry a propagation policy to the garbage collector. */
const FOREGROUND = 'foregroundDeletion'
const ORPHAN = 'orphan'
const DEFAULT_GRACE_SECONDS = 30

/** DELETE of one object. */
export function deleteObject(call: Call, body: unknown): Deletion {
  const options = parseDeleteOptions(body, call.query)
  const existing = requireObject(call)
  if (call.resource.storageKey === NAMESPACES && KEPT_NAMESPACES.has(existing.metadata.name)) {
    throw forbidden(call.resource, existing.metadata.name, 'this namespace may not be deleted')
  }
  checkPreconditions(call, existing, options)
  return deleteOne(call, existing, options)
}

/** DELETE of a collection: every object of the namespace that the selectors match. Answers them as they were. */
export function deleteCollection(call: Call, body: unknown): ApiObject[] {
  const { cluster, resource, path, query } = call
  const options = parseDeleteOptions(body, query)
  const matches = selectionOf(resource, query, path.namespace)
  const selected = cluster.store.list(resource.storageKey, path.namespace).filter((object) => matches(object))
  for (const object of selected) deleteOne(call, object, options)
  return selected.map((object) => present(object, resource))
}

function checkPreconditions(
  { resource }: Call,
  { metadata }: ApiObject,
  { uid, resourceVersion }: DeleteOptions,
): void {
  const again = 'The object might have been deleted and then recreated'
  if (uid !== undefined && uid !== metadata.uid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). ${again}`
    throw preconditionFailed(resource, metadata.name, why)
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`
    throw preconditionFailed(resource, metadata.name, why)
  }
}

function deleteOne(call: Call, existing: ApiObject, options: DeleteOptions): Deletion {
  const { cluster, resource } = call
  const next = markDeleted(existing, options, call)
  const gone = isFinished(next)
  if (options.dryRun) return { object: present(next, resource), gone }
  if (gone) return { object: present(removeObject(cluster, resource, next), resource), gone }
  // A deletion that is already under way, and not hurried, changes nothing.
  const stored = next === existing ? existing : cluster.store.put(resource.storageKey, next)
  if (resource.storageKey === DEFINITIONS) return deleteInstances(call, stored)
  return { object: present(stored, resource), gone }
}

/** The object as it waits: for its pod to end, its finalizers to go, its namespace to empty. */
function markDeleted(existing: ApiObject, options: DeleteOptions, { cluster, resource }: Call): ApiObject {
  const seconds = graceSeconds(existing, options)
  const finalizers = finalizersFor(existing, options.propagationPolicy, resource.storageKey === DEFINITIONS)
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers: before = [] } = existing.metadata
  const underWay = deletionTimestamp !== undefined && deletionGracePeriodSeconds <= seconds
  if (underWay && finalizers.length === before.length) return existing
  const next = structuredClone(existing)
  if (!underWay) {
    next.metadata.deletionTimestamp = timestamp(new Date(cluster.clock().getTime() + seconds * 1000))
    next.metadata.deletionGracePeriodSeconds = seconds
    if (deletionTimestamp === undefined && next.metadata.generation !== undefined) next.metadata.generation += 1
  }
  if (finalizers.length > 0) next.metadata.finalizers = finalizers
  else delete next.metadata.finalizers
  if (resource.storageKey === NAMESPACES) terminate(next)
  return next
}

/** Namespaces say that they are going in their phase, and carry no grace period. */
function terminate(namespace: ApiObject): void {
  delete namespace.metadata.deletionGracePeriodSeconds
  namespace['status'] = { phase: 'Terminating' }
}

/** Seconds until a pod is killed; 0 for everything else, and for pods that run nowhere. */
function graceSeconds(object: ApiObject, { gracePeriodSeconds }: DeleteOptions): number {
  if (object.kind !== 'Pod' || object.apiVersion !== 'v1' || !stringAt(object, 'spec', 'nodeName')) return 0
  if (phaseOf(object) === 'Succeeded' || phaseOf(object) === 'Failed') return 0
  const own = numberAt(object, 'spec', 'terminationGracePeriodSeconds') ?? DEFAULT_GRACE_SECONDS
  return Math.max(0, gracePeriodSeconds ?? own)
}

function finalizersFor(object: ApiObject, policy: PropagationPolicy | undefined, definition: boolean): string[] {
  const { finalizers = [] } = object.metadata
  const others = finalizers.filter((finalizer) => finalizer !== FOREGROUND && finalizer !== ORPHAN)
  const cleanup = definition && !others.includes(CLEANUP_FINALIZER) ? [CLEANUP_FINALIZER] : []
  switch (policy) {
    case 'Foreground':
      return [...others, ...cleanup, FOREGROUND]
    case 'Orphan':
      return [...others, ...cleanup, ORPHAN]
    case 'Background':
      return [...others, ...cleanup]
    case undefined:
      return [...finalizers, ...cleanup]
    default:
      return policy satisfies never
  }
}

/** With a definition go its objects; it stays until the last of them is gone. */
function deleteInstances(call: Call, definition: ApiObject): Deletion {
  const { cluster } = call
  const [resource] = resourcesOfDefinition(definition)
  const options = parseDeleteOptions(undefined, new URLSearchParams())
  const instances = resource ? cluster.store.list(resource.storageKey) : []
  for (const instance of instances) if (resource) deleteOne({ ...call, resource }, instance, options)
  finishDefinition(cluster, definition.metadata.name)
  const left = cluster.store.get(DEFINITIONS, '', definition.metadata.name)
  return { object: left ?? definition, gone: left === undefined }
}
