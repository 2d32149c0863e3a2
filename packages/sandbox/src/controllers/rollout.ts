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

const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas'
const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas'

/** Whether the Deployment was given another number of replicas since its ReplicaSets were told theirs. */
export function isScaled(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  return sets.some(({ metadata, spec }) => {
    const told = metadata.annotations?.[DESIRED_REPLICAS]
    return (spec.replicas ?? 1) > 0 && told !== undefined && Number(told) !== wantedReplicas(deployment)
  })
}

/**
 * How a new number of replicas is shared out: to the only ReplicaSet with pods, or to the newest one when it is complete, or
 * while pods are being replaced in proportion to what each has (`scale` in pkg/controller/deployment/sync.go).
 */
export function planScaling(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  older: readonly ReplicaSet[],
): ScaleStep[] {
  const wanted = wantedReplicas(deployment)
  const all = newest ? [...older, newest] : older
  const active = all.filter((set) => wantedReplicas(set) > 0)
  const only = active.length > 1 ? undefined : (active[0] ?? newest ?? older.at(-1))
  if (only) return steps([[only, wanted]])
  if (newest && isSaturated(newest, wanted)) return steps(older.map((set) => [set, 0]))
  return isRecreate(deployment) ? [] : planProportions(deployment, active)
}

function isSaturated(newest: ReplicaSet, wanted: number): boolean {
  const told = Number(newest.metadata.annotations?.[DESIRED_REPLICAS] ?? Number.NaN)
  return wantedReplicas(newest) === wanted && told === wanted && available(newest) === wanted
}

/** The largest first, of equally large ones the newest; it also gets what rounding leaves. */
function planProportions(deployment: Deployment, active: readonly ReplicaSet[]): ScaleStep[] {
  const wanted = wantedReplicas(deployment)
  const most = wanted > 0 ? wanted + rolloutBounds(deployment).maxSurge : 0
  const toAdd = most - sum(active.map(wantedReplicas))
  const ordered = active.toReversed().sort((a, b) => wantedReplicas(b) - wantedReplicas(a))
  let added = 0
  const sizes = ordered.map((set): [ReplicaSet, number] => {
    const left = toAdd - added
    const share = fraction(deployment, set)
    const change = toAdd === 0 ? 0 : toAdd > 0 ? Math.min(share, left) : Math.max(share, left)
    added += change
    return [set, wantedReplicas(set) + change]
  })
  return steps(sizes.map(([set, size], index) => [set, Math.max(0, index === 0 ? size + toAdd - added : size)]))
}

function fraction(deployment: Deployment, set: ReplicaSet): number {
  const wanted = wantedReplicas(deployment)
  const has = wantedReplicas(set)
  if (wanted === 0) return -has
  const before = Number(set.metadata.annotations?.[MAX_REPLICAS] ?? 0) || (deployment.status?.replicas ?? has)
  return Math.round((has * (wanted + rolloutBounds(deployment).maxSurge)) / before) - has
}

function steps(sizes: readonly (readonly [ReplicaSet, number])[]): ScaleStep[] {
  return sizes.map(([replicaSet, replicas]) => ({ replicaSet, replicas }))
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
