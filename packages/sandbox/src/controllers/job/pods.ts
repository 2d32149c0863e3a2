import type { Job, Pod } from '@nexus/kube'
import { hasEnded } from '../pods.ts'
import { isBeingDeleted } from '../runtime/objects.ts'

/** Keeps a pod of a Job until it is counted: a pod that vanished before that would be run again. */
export const TRACKING = 'batch.kubernetes.io/job-tracking'
export const INDEX = 'batch.kubernetes.io/job-completion-index'

export function isTracked({ metadata }: Pod): boolean {
  return metadata.finalizers?.includes(TRACKING) === true
}

export function isActive(pod: Pod): boolean {
  return !hasEnded(pod) && !isBeingDeleted(pod)
}

/** A pod that is taken away before it has succeeded counts as failed, too. */
export function hasFailed(pod: Pod): boolean {
  return pod.status?.phase === 'Failed' || (isBeingDeleted(pod) && pod.status?.phase !== 'Succeeded')
}

/** When the last container ended; for a pod that was taken away, when that was. */
export function endOf({ metadata, status }: Pod): number {
  const ends = (status?.containerStatuses ?? []).map(({ state }) => Date.parse(state?.terminated?.finishedAt ?? ''))
  const last = Math.max(...ends.filter((end) => !Number.isNaN(end)), 0)
  return last || Date.parse(metadata.deletionTimestamp ?? metadata.creationTimestamp ?? '') || 0
}

/** Which part of an indexed Job a pod does. */
export function indexOf({ metadata }: Pod): number | undefined {
  const index = Number(metadata.annotations?.[INDEX] ?? Number.NaN)
  return Number.isInteger(index) ? index : undefined
}

export function isIndexed({ spec }: Job): boolean {
  return spec.completionMode === 'Indexed'
}
