import type { Condition, Job, JobStatus, Pod } from '@nexus/kube'
import { hasEnded, isReady } from '../pods.ts'
import { isBeingDeleted, timestamp } from '../runtime/objects.ts'
import { formatIndexes, parseIndexes } from './indexes.ts'
import { isIgnored } from './failure.ts'
import type { JobFailure } from './failure.ts'
import { hasFailed, indexOf, isActive, isIndexed, isTracked } from './pods.ts'

type JobCondition = NonNullable<JobStatus['conditions']>[number]

/** Pods that have ended since the last count, by uid; each is counted when its finalizer is gone. */
export interface Uncounted {
  readonly succeeded: readonly string[]
  readonly failed: readonly string[]
}

/**
 * The pods to note before their finalizers are taken, and those noted before. `endsAll`: the Job is finished, so whatever
 * still runs has failed.
 */
export function uncountedOf(job: Job, pods: readonly Pod[], endsAll: boolean): Uncounted {
  const before = job.status?.uncountedTerminatedPods ?? {}
  const tracked = pods.filter(isTracked)
  const ended = (of: readonly Pod[], known: readonly string[] = []) => [
    ...new Set([...known, ...of.map(({ metadata }) => metadata.uid ?? '')]),
  ]
  return {
    succeeded: ended(
      tracked.filter(({ status }) => status?.phase === 'Succeeded'),
      before.succeeded,
    ),
    failed: ended(
      tracked.filter((pod) => hasFailed(pod) || (endsAll && isActive(pod))).filter((pod) => !isIgnored(job, pod)),
      before.failed,
    ),
  }
}

export function isFinished({ status }: Job): boolean {
  return finishedCondition(status) !== undefined
}

export function finishedCondition(status: JobStatus | undefined): JobCondition | undefined {
  return status?.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True')
}

/** Counts of the Job once the pods of `uncounted` have lost their finalizers. */
export function countedStatus(job: Job, pods: readonly Pod[], uncounted: Uncounted): JobStatus {
  const { status = {} } = job
  const done = parseIndexes(status.completedIndexes)
  for (const pod of pods) {
    const index = indexOf(pod)
    if (pod.status?.phase === 'Succeeded' && index !== undefined) done.add(index)
  }
  return {
    ...status,
    succeeded: isIndexed(job) ? done.size : (status.succeeded ?? 0) + uncounted.succeeded.length,
    failed: (status.failed ?? 0) + uncounted.failed.length,
    ...(done.size > 0 && { completedIndexes: formatIndexes(done) }),
  }
}

/** What a reconciliation has found out. */
export interface JobOutcome {
  readonly counts: JobStatus
  readonly failure: JobFailure | undefined
  /** As they are after what was made and removed. */
  readonly pods: readonly Pod[]
  readonly now: Date
}

/** The status of a Job in the words of the job controller of Kubernetes 1.34. */
export function observeJob(job: Job, { counts, failure, pods, now }: JobOutcome): JobStatus {
  const active = pods.filter(isActive)
  const terminating = pods.filter((pod) => isBeingDeleted(pod) && !hasEnded(pod))
  const { succeeded = 0, failed = 0, completedIndexes, startTime = startOf(job, now) } = counts
  const conditions = conditionsOf(job, { failure, succeeded, left: active.length + terminating.length, now })
  const isComplete = conditions.some(({ type, status }) => type === 'Complete' && status === 'True')
  return {
    ...(conditions.length > 0 && { conditions }),
    ...(startTime !== undefined && { startTime }),
    ...(isComplete && { completionTime: job.status?.completionTime ?? timestamp(now) }),
    ...(active.length > 0 && { active: active.length }),
    ...(succeeded > 0 && { succeeded }),
    ...(failed > 0 && { failed }),
    ...(completedIndexes !== undefined && { completedIndexes }),
    ready: active.filter(isReady).length,
    terminating: terminating.length,
    uncountedTerminatedPods: {},
  }
}

function startOf({ spec }: Job, now: Date): string | undefined {
  return spec.suspend === true ? undefined : timestamp(now)
}

interface Findings {
  readonly failure: JobFailure | undefined
  readonly succeeded: number
  /** Pods that still run. */
  readonly left: number
  readonly now: Date
}

function conditionsOf(job: Job, { failure, succeeded, left, now }: Findings): JobCondition[] {
  const { conditions: before = [] } = job.status ?? {}
  const set = (conditions: JobCondition[], condition: Condition): JobCondition[] => {
    const same = conditions.find(({ type }) => type === condition.type)
    if (same?.status === condition.status) return conditions
    const time = timestamp(now)
    const written = { ...condition, lastProbeTime: time, lastTransitionTime: time }
    return [...conditions.filter(({ type }) => type !== condition.type), written]
  }
  if (failure) {
    const target = set(before, { type: 'FailureTarget', status: 'True', ...failure })
    return left > 0 ? target : set(target, { type: 'Failed', status: 'True', ...failure })
  }
  if (hasSucceeded(job, succeeded, left)) {
    const why = { reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }
    const met = set(before, { type: 'SuccessCriteriaMet', status: 'True', ...why })
    return left > 0 ? met : set(met, { type: 'Complete', status: 'True', ...why })
  }
  if (job.spec.suspend === true) {
    return set(before, { type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' })
  }
  const isSuspended = before.some(({ type, status }) => type === 'Suspended' && status === 'True')
  const resumed = { type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' } as const
  return isSuspended ? set(before, resumed) : before
}

/** Enough successes; where no number is asked for, one of them and nothing that runs. */
export function hasSucceeded({ spec }: Job, succeeded: number, left: number): boolean {
  return spec.completions === undefined ? succeeded > 0 && left === 0 : succeeded >= spec.completions
}
