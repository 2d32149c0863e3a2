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
  /** Whether pods are being replaced, and not only counted or scaled. Default true. */
  readonly rolling?: boolean
}

/** `progressDeadlineSeconds` of a Deployment that may take for ever. */
const NO_DEADLINE = 2 ** 31 - 1

/**
 * The status of a Deployment in the words of kube-controller-manager (kubernetes pkg/controller/deployment:
 * `calculateStatus` in sync.go, `syncRolloutStatus` in progress.go).
 */
export function observeDeployment(deployment: Deployment, state: RolloutState): DeploymentStatus {
  const { newest, older, now } = state
  const counts = countReplicas(newest, older)
  const { generation } = deployment.metadata
  const old = deployment.status ?? {}
  const noted = withFoundSet(withPause(deployment, now), state)
  const observed = withFailures(
    withProgress(withCondition(noted, availableCondition(deployment, counts), now), deployment, counts, state),
    state,
  )
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    ...nonZero(counts),
    ...(old.collisionCount !== undefined && { collisionCount: old.collisionCount }),
    conditions: observed,
  }
}

type Counts = Required<
  Pick<DeploymentStatus, 'replicas' | 'updatedReplicas' | 'readyReplicas' | 'availableReplicas' | 'unavailableReplicas'>
>

function countReplicas(newest: ReplicaSet | undefined, older: readonly ReplicaSet[]): Counts {
  const all = newest ? [newest, ...older] : older
  const count = (of: (status: NonNullable<ReplicaSet['status']>) => number | undefined, sets = all) =>
    sets.reduce((total, { status }) => total + ((status && of(status)) ?? 0), 0)
  const availableReplicas = count((status) => status.availableReplicas)
  return {
    replicas: count((status) => status.replicas),
    updatedReplicas: count((status) => status.replicas, newest ? [newest] : []),
    readyReplicas: count((status) => status.readyReplicas),
    availableReplicas,
    unavailableReplicas: Math.max(0, all.reduce((total, set) => total + wantedReplicas(set), 0) - availableReplicas),
  }
}

/** Zeros are left out, as Go's `omitempty` does. */
function nonZero(counts: Counts): Partial<Counts> {
  return Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== 0))
}

function availableCondition(deployment: Deployment, { availableReplicas }: Counts): Condition {
  const isEnough = availableReplicas >= wantedReplicas(deployment) - rolloutBounds(deployment).maxUnavailable
  return isEnough
    ? said('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.')
    : said('Available', 'False', 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.')
}

/** The conditions so far, with what a pause that has begun or ended makes of them. */
function withPause(deployment: Deployment, now: Date): Condition[] {
  const conditions = deployment.status?.conditions ?? []
  const { reason } = conditionOf(conditions, 'Progressing') ?? {}
  if (!hasDeadline(deployment) || reason === 'ProgressDeadlineExceeded') return conditions
  const isPaused = deployment.spec.paused === true
  if (isPaused && reason !== 'DeploymentPaused') {
    return withCondition(conditions, said('Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused'), now)
  }
  if (isPaused || reason !== 'DeploymentPaused') return conditions
  return withCondition(conditions, said('Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed'), now)
}

/** A ReplicaSet that was just made begins the progress again; one that was there begins it where nobody spoke of it. */
function withFoundSet(conditions: Condition[], { newest, created = false, now }: RolloutState): Condition[] {
  if (newest === undefined) return conditions
  const { name } = newest.metadata
  if (created) {
    const made = said('Progressing', 'True', 'NewReplicaSetCreated', `Created new replica set "${name}"`)
    return withCondition(conditions, made, now)
  }
  if (conditionOf(conditions, 'Progressing') !== undefined) return conditions
  return withCondition(
    conditions,
    said('Progressing', 'True', 'FoundNewReplicaSet', `Found new replica set "${name}"`),
    now,
  )
}

function withProgress(
  conditions: Condition[],
  deployment: Deployment,
  counts: Counts,
  { newest, rolling = true, now }: RolloutState,
): Condition[] {
  const before = conditionOf(conditions, 'Progressing')
  const isDone = counts.replicas === counts.updatedReplicas && before?.reason === 'NewReplicaSetAvailable'
  if (!rolling || !hasDeadline(deployment) || isDone) return conditions
  const who = newest ? `ReplicaSet "${newest.metadata.name}"` : `Deployment "${deployment.metadata.name}"`
  if (isComplete(deployment, counts)) {
    const done = said('Progressing', 'True', 'NewReplicaSetAvailable', `${who} has successfully progressed.`)
    return withCondition(conditions, done, now)
  }
  if (hasProgressed(deployment.status ?? {}, counts)) {
    const moving = said('Progressing', 'True', 'ReplicaSetUpdated', `${who} is progressing.`)
    // The time of the last progress counts, even where nothing else of the condition changes.
    const since = before?.status === 'True' ? before.lastTransitionTime : undefined
    const others = conditions.filter(({ type }) => type !== 'Progressing')
    return [...others, { ...withTimes(moving, now), ...(since !== undefined && { lastTransitionTime: since }) }]
  }
  if ((millisecondsToDeadline(deployment, now, before) ?? 1) > 0) return conditions
  const late = said('Progressing', 'False', 'ProgressDeadlineExceeded', `${who} has timed out progressing.`)
  return withCondition(conditions, late, now)
}

function isComplete(deployment: Deployment, counts: Counts): boolean {
  const wanted = wantedReplicas(deployment)
  return counts.updatedReplicas === wanted && counts.replicas === wanted && counts.availableReplicas === wanted
}

/** More new pods, more ready ones, or fewer old ones than last time. */
function hasProgressed(old: DeploymentStatus, counts: Counts): boolean {
  const oldPods = (old.replicas ?? 0) - (old.updatedReplicas ?? 0)
  return (
    counts.updatedReplicas > (old.updatedReplicas ?? 0) ||
    counts.readyReplicas > (old.readyReplicas ?? 0) ||
    counts.availableReplicas > (old.availableReplicas ?? 0) ||
    counts.replicas - counts.updatedReplicas < oldPods
  )
}

/** Pods that cannot be made: the newest ReplicaSet's word counts, else that of another. */
function withFailures(conditions: Condition[], { newest, older, now }: RolloutState): Condition[] {
  const [failure] = [...(newest ? [newest] : []), ...older].flatMap(
    ({ status }) => status?.conditions?.find(({ type }) => type === 'ReplicaFailure') ?? [],
  )
  if (failure === undefined) return conditions.filter(({ type }) => type !== 'ReplicaFailure')
  const { status, reason = '', message = '' } = failure
  return withCondition(conditions, said('ReplicaFailure', status, reason, message), now)
}

/** Until the rollout counts as failed; undefined while nothing waits for it. */
export function millisecondsToDeadline(
  deployment: Deployment,
  now: Date,
  progress = conditionOf(deployment.status?.conditions ?? [], 'Progressing'),
): number | undefined {
  const { progressDeadlineSeconds = 600 } = deployment.spec
  if (!hasDeadline(deployment) || progress?.lastUpdateTime === undefined) return undefined
  if (progress.reason === 'NewReplicaSetAvailable') return undefined
  if (progress.reason === 'ProgressDeadlineExceeded') return 0
  return Date.parse(progress.lastUpdateTime) + progressDeadlineSeconds * 1000 - now.getTime()
}

function hasDeadline({ spec }: Deployment): boolean {
  return spec.progressDeadlineSeconds !== NO_DEADLINE
}

function conditionOf(conditions: readonly Condition[], type: string): Condition | undefined {
  return conditions.find((condition) => condition.type === type)
}

function said(type: string, status: Condition['status'], reason: string, message: string): Condition {
  return { type, status, reason, message }
}

function withTimes(condition: Condition, now: Date): Condition {
  return { ...condition, lastUpdateTime: timestamp(now), lastTransitionTime: timestamp(now) }
}

/** A condition with the same status and reason stays as it was; another one goes to the end (`SetDeploymentCondition`). */
function withCondition(conditions: readonly Condition[], condition: Condition, now: Date): Condition[] {
  const before = conditionOf(conditions, condition.type)
  if (before?.status === condition.status && before.reason === condition.reason) return [...conditions]
  const written = withTimes(condition, now)
  const since = before?.status === condition.status ? before.lastTransitionTime : undefined
  return [
    ...conditions.filter(({ type }) => type !== condition.type),
    { ...written, ...(since !== undefined && { lastTransitionTime: since }) },
  ]
}
