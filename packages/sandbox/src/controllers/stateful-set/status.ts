import type { Pod, StatefulSet } from '@nexus/kube'
import { hasEnded, isAvailable, isReady } from '../pods.ts'
import { wantedReplicas } from '../rollout.ts'
import { isBeingDeleted } from '../runtime/objects.ts'
import { REVISION_LABEL } from './pod.ts'

export type StatefulSetStatus = NonNullable<StatefulSet['status']>

/** The status of a StatefulSet; once all members have the new template, it is the current one. */
export function observeStatefulSet(
  set: StatefulSet,
  pods: readonly Pod[],
  { currentRevision, updateRevision, now }: { currentRevision: string; updateRevision: string; now: Date },
): StatefulSetStatus {
  const { spec, metadata, status } = set
  const made = pods.filter((pod) => !hasEnded(pod))
  const kept = made.filter((pod) => !isBeingDeleted(pod))
  const of = (revision: string) => kept.filter((pod) => pod.metadata.labels?.[REVISION_LABEL] === revision).length
  const ready = kept.filter(isReady)
  const updated = of(updateRevision)
  const isDone =
    (spec.updateStrategy?.type ?? 'RollingUpdate') === 'RollingUpdate' &&
    [made.length, updated, ready.length].every((count) => count === wantedReplicas(set))
  const current = isDone ? updateRevision : currentRevision
  const counts = {
    readyReplicas: ready.length,
    currentReplicas: of(current),
    updatedReplicas: updated,
  }
  const { generation } = metadata
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    replicas: made.length,
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    availableReplicas: ready.filter((pod) => isAvailable(pod, spec.minReadySeconds ?? 0, now)).length,
    currentRevision: current,
    updateRevision,
    collisionCount: status?.collisionCount ?? 0,
  }
}
