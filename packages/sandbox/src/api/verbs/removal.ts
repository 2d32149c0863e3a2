import type { Cluster } from '../cluster.ts'
import type { ApiObject } from '../object.ts'
import { listAt, stringAt } from '../objects/fields.ts'
import type { Resource } from '../resources/resource.ts'

/** Whether an object that is being deleted has nothing left to wait for. */
export function isFinished(object: ApiObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata
  if (deletionTimestamp === undefined || finalizers.length > 0) return false
  if (object.kind === 'Namespace' && object.apiVersion === 'v1')
    return listAt(object, 'spec', 'finalizers').length === 0
  // A pod with a grace period is its node agent's to end.
  return deletionGracePeriodSeconds === 0
}

/** Takes an object out of the store, and with the last object of a kind that is going, the kind's definition. */
export function removeObject(cluster: Cluster, resource: Resource, object: ApiObject): ApiObject {
  const last = cluster.store.remove(resource.storageKey, object)
  if (resource.storageKey === DEFINITIONS) cluster.registry.forget(object.metadata.name)
  if (resource.custom) finishDefinition(cluster, resource.storageKey)
  return last
}

export const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io'

/** Takes the server's own finalizer from a definition that is going and has no objects left, and so removes it. */
export function finishDefinition(cluster: Cluster, name: string): void {
  const definition = cluster.store.get(DEFINITIONS, '', name)
  if (definition?.metadata.deletionTimestamp === undefined) return
  if (cluster.store.list(name).length > 0) return
  const finalizers = definition.metadata.finalizers?.filter((finalizer) => finalizer !== CLEANUP_FINALIZER) ?? []
  const next = { ...definition, metadata: { ...definition.metadata, finalizers } }
  const owner = cluster.registry.stored(DEFINITIONS)
  if (owner && finalizers.length === 0) removeObject(cluster, owner, next)
  else cluster.store.put(DEFINITIONS, next)
}

/** Keeps a definition until its objects are gone. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io'

/** The phase of a pod, `''` for other objects. */
export function phaseOf(object: ApiObject): string {
  return stringAt(object, 'status', 'phase') ?? ''
}
