import type { ServingObjects } from '../types.ts'

/** Changes the objects of a deployment before they are saved: labels, annotations, whatever a host's own fields need. */
export type ApplyFieldData = (objects: ServingObjects) => ServingObjects

/** What an applier returned, with the names that the rest of the deployment counts on. Names cannot be changed. */
export function keepIdentity(before: ServingObjects, after: ServingObjects): ServingObjects {
  const { runtime, isvc } = after
  return {
    runtime: { ...runtime, metadata: { ...runtime.metadata, ...placeOf(before.runtime.metadata) } },
    isvc: { ...isvc, metadata: { ...isvc.metadata, ...placeOf(before.isvc.metadata) } },
  }
}

function placeOf({ name, namespace }: { name: string; namespace?: string }): { name: string; namespace?: string } {
  return namespace === undefined ? { name } : { name, namespace }
}
