import { rolloutBounds } from '@nexus/kube'
import type { Deployment, ReplicaSet } from '@nexus/kube'

/** A ReplicaSet that has to change its number of replicas. */
export interface ScaleStep {
  readonly replicaSet: ReplicaSet
  readonly replicas: number
}

export function isRecreate({ spec }: Deployment): boolean {
  return spec.strategy?.type === 'Recreate'
}

export function wantedReplicas({ spec }: { spec: { replicas?: number } }): number {
  return spec.replicas ?? 1
}

/** The replicas with which the newest ReplicaSet should go on (`NewRSNewReplicas`). `newest` is undefined before it exists. */
export function newestReplicas(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  older: readonly ReplicaSet[],
): number {
  const wanted = wantedReplicas(deployment)
  const current = newest ? wantedReplicas(newest) : 0
  if (isRecreate(deployment) || current > wanted) return wanted
  const total = current + sum(older.map(wantedReplicas))
  const room = wanted + rolloutBounds(deployment).maxSurge - total
  return current + Math.max(0, Math.min(room, wanted - current))
}

/**
 * How far the older ReplicaSets may shrink now: first pods that do not work, then as many as the available ones allow
 * (`reconcileOldReplicaSets` in pkg/controller/deployment/rolling.go). Oldest first.
 */
export function planShrink(deployment: Deployment, newest: ReplicaSet, older: readonly ReplicaSet[]): ScaleStep[] {
  if (isRecreate(deployment)) return shrink(older, () => Infinity, Infinity)
  const minAvailable = wantedReplicas(deployment) - rolloutBounds(deployment).maxUnavailable
  const all = [newest, ...older]
  const newestUnavailable = wantedReplicas(newest) - available(newest)
  const room = sum(all.map(wantedReplicas)) - minAvailable - newestUnavailable
  const unhealthy = shrink(older, (set) => wantedReplicas(set) - available(set), room)
  const left = older.map(
    (set) => unhealthy.find(({ replicaSet }) => replicaSet === set)?.replicas ?? wantedReplicas(set),
  )
  const stillHealthy = older.map((set, index) => ({ set, replicas: left[index] ?? 0 }))
  const spare = sum(all.map(available)) - minAvailable
  const healthy = shrinkFrom(
    stillHealthy,
    () => Infinity,
    Math.min(spare, room - (sum(older.map(wantedReplicas)) - sum(left))),
  )
  return mergeSteps(unhealthy, healthy)
}

function shrink(sets: readonly ReplicaSet[], most: (set: ReplicaSet) => number, room: number): ScaleStep[] {
  return shrinkFrom(
    sets.map((set) => ({ set, replicas: wantedReplicas(set) })),
    most,
    room,
  )
}

function shrinkFrom(
  sets: readonly { set: ReplicaSet; replicas: number }[],
  most: (set: ReplicaSet) => number,
  room: number,
): ScaleStep[] {
  const steps: ScaleStep[] = []
  let left = room
  for (const { set, replicas } of sets) {
    const fewer = Math.min(replicas, most(set), left)
    if (fewer <= 0) continue
    steps.push({ replicaSet: set, replicas: replicas - fewer })
    left -= fewer
  }
  return steps
}

/** Of two steps for one ReplicaSet the second says where it ends. */
function mergeSteps(first: readonly ScaleStep[], second: readonly ScaleStep[]): ScaleStep[] {
  const kept = first.filter(({ replicaSet }) => !second.some((step) => step.replicaSet === replicaSet))
  return [...kept, ...second]
}

function available({ status }: ReplicaSet): number {
  return status?.availableReplicas ?? 0
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
