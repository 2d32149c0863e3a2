import type { Deployment, ReplicaSet } from '@nexus/kube'

/** How many pods a rollout may have too many and too few, in pods. */
export interface RolloutBounds {
  readonly maxSurge: number
  readonly maxUnavailable: number
}

/** A ReplicaSet that has to change its number of replicas. */
export interface ScaleStep {
  readonly replicaSet: ReplicaSet
  readonly replicas: number
}

export function isRecreate({ spec }: Deployment): boolean {
  return spec.strategy?.type === 'Recreate'
}

/**
 * The bounds of a Deployment in pods: surge rounded up, unavailable rounded down, and never both 0
 * (`ResolveFenceposts` in kubernetes pkg/controller/deployment/util).
 */
export function rolloutBounds(deployment: Deployment): RolloutBounds {
  if (isRecreate(deployment)) return { maxSurge: 0, maxUnavailable: wantedReplicas(deployment) }
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec.strategy?.rollingUpdate ?? {}
  const replicas = wantedReplicas(deployment)
  const surge = inPods(maxSurge, replicas, Math.ceil)
  const unavailable = Math.min(inPods(maxUnavailable, replicas, Math.floor), replicas)
  return { maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : unavailable }
}

function inPods(share: number | string, replicas: number, round: (share: number) => number): number {
  if (typeof share === 'number') return share
  return share.endsWith('%') ? round((Number.parseFloat(share) * replicas) / 100) : Number.parseInt(share, 10) || 0
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
