import { rolloutBounds } from '@nexus/kube'
import type { Condition, Deployment, ReplicaSet } from '@nexus/kube'
import { wantedReplicas } from './rollout.ts'
import { timestamp } from './runtime/objects.ts'

export type DeploymentStatus = NonNullable<Deployment['status']>

/** What a Deployment's status is made of. */
export interface RolloutState {
  readonly newest: ReplicaSet | undefined
  readonly older: readonly ReplicaSet[]
  readonly now: Date
  /** The newest ReplicaSet was made in this reconciliation. */
  readonly created?: boolean
}

/**
 * The status of a Deployment in the words of kube-controller-manager (kubernetes pkg/controller/deployment:
 * `calculateStatus` in sync.go, `syncRolloutStatus` in progress.go).
 */
export function observeDeployment(deployment: Deployment, state: RolloutState): DeploymentStatus {
  const { newest, older, now } = state
  const all = newest ? [newest, ...older] : older
  const count = (of: (status: NonNullable<ReplicaSet['status']>) => number | undefined, sets = all) =>
    sets.reduce((total, { status }) => total + ((status && of(status)) ?? 0), 0)
  const replicas = count((status) => status.replicas)
  const availableReplicas = count((status) => status.availableReplicas)
  const counts = {
    replicas,
    updatedReplicas: count((status) => status.replicas, newest ? [newest] : []),
    readyReplicas: count((status) => status.readyReplicas),
    availableReplicas,
    unavailableReplicas: Math.max(0, all.reduce((total, set) => total + wantedReplicas(set), 0) - availableReplicas),
  }
  const { generation } = deployment.metadata
  const old = deployment.status ?? {}
  const conditions = [availableCondition(deployment, availableReplicas), progress(deployment, counts, state)]
  const failure = newest?.status?.conditions?.find(({ type }) => type === 'ReplicaFailure')
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    ...nonZero(counts),
    ...(old.collisionCount !== undefined && { collisionCount: old.collisionCount }),
    conditions: [...conditions, failure].flatMap((said) => (said ? [withTimes(said, old.conditions, now)] : [])),
  }
}

type Counts = Required<
  Pick<DeploymentStatus, 'replicas' | 'updatedReplicas' | 'readyReplicas' | 'availableReplicas' | 'unavailableReplicas'>
>

/** Zeros are left out, as Go's `omitempty` does. */
function nonZero(counts: Counts): Partial<Counts> {
  return Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== 0))
}

function availableCondition(deployment: Deployment, availableReplicas: number): Condition {
  const isEnough = availableReplicas >= wantedReplicas(deployment) - rolloutBounds(deployment).maxUnavailable
  return isEnough
    ? said('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.')
    : said('Available', 'False', 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.')
}

function progress(deployment: Deployment, counts: Counts, state: RolloutState): Condition | undefined {
  const { newest, created = false, now } = state
  const old = deployment.status?.conditions?.find(({ type }) => type === 'Progressing')
  if (newest === undefined) return old
  const set = `ReplicaSet "${newest.metadata.name}"`
  if (isComplete(deployment, counts)) {
    return said('Progressing', 'True', 'NewReplicaSetAvailable', `${set} has successfully progressed.`)
  }
  if (created) {
    const message = `Created new replica set "${newest.metadata.name}"`
    return { ...said('Progressing', 'True', 'NewReplicaSetCreated', message), lastUpdateTime: timestamp(now) }
  }
  if (hasProgressed(deployment.status ?? {}, counts, newest)) {
    const moving = said('Progressing', 'True', 'ReplicaSetUpdated', `${set} is progressing.`)
    return { ...moving, lastUpdateTime: timestamp(now) }
  }
  if (old !== undefined && (millisecondsToDeadline(deployment, now) ?? 1) <= 0) {
    return said('Progressing', 'False', 'ProgressDeadlineExceeded', `${set} has timed out progressing.`)
  }
  if (old !== undefined && old.reason !== 'NewReplicaSetAvailable') return old
  return said('Progressing', 'True', 'ReplicaSetUpdated', `${set} is progressing.`)
}

function isComplete(deployment: Deployment, counts: Counts): boolean {
  const wanted = wantedReplicas(deployment)
  return counts.updatedReplicas === wanted && counts.replicas === wanted && counts.availableReplicas === wanted
}

/** More new pods, more ready ones, or fewer old ones than last time. */
function hasProgressed(old: DeploymentStatus, counts: Counts, newest: ReplicaSet): boolean {
  const oldPods = (old.replicas ?? 0) - (old.updatedReplicas ?? 0)
  const isNewRollout = old.conditions?.some(({ message }) => message?.includes(`"${newest.metadata.name}"`)) !== true
  return (
    isNewRollout ||
    counts.updatedReplicas > (old.updatedReplicas ?? 0) ||
    counts.readyReplicas > (old.readyReplicas ?? 0) ||
    counts.availableReplicas > (old.availableReplicas ?? 0) ||
    counts.replicas - counts.updatedReplicas < oldPods
  )
}

/** Until the rollout counts as failed; undefined while nothing waits for it. */
export function millisecondsToDeadline(deployment: Deployment, now: Date): number | undefined {
  const old = deployment.status?.conditions?.find(({ type }) => type === 'Progressing')
  const { progressDeadlineSeconds = 600 } = deployment.spec
  if (old?.lastUpdateTime === undefined || old.reason === 'NewReplicaSetAvailable') return undefined
  if (old.reason === 'ProgressDeadlineExceeded') return 0
  return Date.parse(old.lastUpdateTime) + progressDeadlineSeconds * 1000 - now.getTime()
}

function said(type: string, status: Condition['status'], reason: string, message: string): Condition {
  return { type, status, reason, message }
}

/** A condition that says the same keeps its times; another status is a transition. */
function withTimes(condition: Condition, old: readonly Condition[] = [], now: Date): Condition {
  const before = old.find(({ type }) => type === condition.type)
  const { type, status, reason, message } = condition
  const isSame = before?.status === status && before.reason === reason && before.message === message
  const updated = condition.lastUpdateTime ?? (isSame ? before.lastUpdateTime : undefined) ?? timestamp(now)
  const transitioned = (before?.status === status ? before.lastTransitionTime : undefined) ?? timestamp(now)
  return {
    type,
    status,
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
    lastUpdateTime: updated,
    lastTransitionTime: transitioned,
  }
}
