import { isNotFound, Kinds, refTo } from '@nexus/kube'
import type { Job, JobStatus, KubeObject, Pod } from '@nexus/kube'
import { hasEnded } from '../pods.ts'
import { runReconciler, watching } from '../runtime/controller.ts'
import type { ControllerContext } from '../runtime/controller.ts'
import { isSameJson } from '../runtime/merge-patch.ts'
import { controllerOf, isBeingDeleted, isControlledBy, keyOf, parseKey, timestamp } from '../runtime/objects.ts'
import { serverMessage } from '../runtime/server-message.ts'
import type { Requeue } from '../runtime/work-queue.ts'
import { failureOf, millisecondsToDeadline } from './failure.ts'
import type { JobFailure } from './failure.ts'
import { assembleJobPod, planJob } from './plan.ts'
import { isActive, isTracked, TRACKING } from './pods.ts'
import { countedStatus, finishedCondition, hasSucceeded, isFinished, observeJob, uncountedOf } from './status.ts'

const COMPONENT = 'job-controller'

/**
 * Runs Jobs to their end. A pod counts once: it is noted in the status by its uid, then it loses its finalizer, then the
 * counts change and the note goes, so that a crash between any two of these steps neither forgets nor doubles it.
 */
export async function runJobController(context: ControllerContext): Promise<void> {
  const { informers } = context
  const reconciler = new JobReconciler(context)
  await runReconciler(context, {
    name: 'job',
    sources: [watching(informers.of(Kinds.Job), (job) => [keyOf(job)]), watching(informers.of(Kinds.Pod), ownerKeys)],
    reconcile: (key) => reconciler.reconcile(key),
  })
}

function ownerKeys(object: KubeObject): string[] {
  const owner = controllerOf(object)
  return owner?.kind === 'Job' ? [`${object.metadata.namespace ?? ''}/${owner.name}`] : []
}

class JobReconciler {
  readonly #context: ControllerContext

  constructor(context: ControllerContext) {
    this.#context = context
  }

  async reconcile(key: string): Promise<Requeue | undefined> {
    const { name, namespace = '' } = parseKey(key)
    const job = await this.#liveJob(name, namespace)
    const pods = await this.#livePods(name, namespace)
    const strangers = pods.filter((pod) => job === undefined || !isControlledBy(pod, job))
    for (const pod of strangers) await this.#release(pod)
    if (job === undefined) return undefined
    const own = pods.filter((pod) => !strangers.includes(pod))
    if (isFinished(job)) return this.#afterEnd(job, own)
    return this.#bringAbout(job, own)
  }

  /** Fresh from the server: what is counted from an old copy would be counted twice. */
  async #liveJob(name: string, namespace: string): Promise<Job | undefined> {
    try {
      return await this.#context.kube.get(refTo(Kinds.Job, { name, namespace }))
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined
      throw thrown
    }
  }

  async #livePods(job: string, namespace: string): Promise<Pod[]> {
    const { items } = await this.#context.kube.list({ kind: Kinds.Pod, namespace })
    return items.filter((pod) => ownerKeys(pod).includes(`${namespace}/${job}`))
  }

  async #bringAbout(job: Job, pods: readonly Pod[]): Promise<Requeue | undefined> {
    const now = this.#context.now()
    const noted = await this.#note(job, pods)
    const { counts } = noted
    const failure = this.#failure(noted.job, pods, counts)
    const left = pods.filter(isActive).length
    const isOver = failure !== undefined || hasSucceeded(job, counts.succeeded ?? 0, left)
    const counted = { ...noted.job, status: counts }
    const plan = planJob(counted, pods, now)
    const after = isOver
      ? await this.#end(job, pods)
      : isBeingDeleted(job)
        ? pods
        : await this.#follow(counted, pods, plan)
    await this.#writeStatus(noted.job, observeJob(counted, { counts, failure, pods: after, now }))
    const waits = [plan.waitMs, millisecondsToDeadline(counted, now) ?? 0].filter((wait) => wait > 0)
    return waits.length > 0 ? { requeueAfterMs: Math.min(...waits) + 50 } : undefined
  }

  /** A failure that has been said stays said. */
  #failure(job: Job, pods: readonly Pod[], counts: JobStatus): JobFailure | undefined {
    const said = job.status?.conditions?.find(({ type, status }) => type === 'FailureTarget' && status === 'True')
    const known = ['BackoffLimitExceeded', 'DeadlineExceeded', 'PodFailurePolicy'] as const
    const reason = known.find((one) => one === said?.reason)
    if (reason !== undefined) return { reason, message: said?.message ?? '' }
    return failureOf(job, pods, counts.failed ?? 0, this.#context.now())
  }

  /** Notes ended pods, lets them go, and says what the counts are then. */
  async #note(job: Job, pods: readonly Pod[]): Promise<{ job: Job; counts: JobStatus }> {
    const failed = this.#failure(job, pods, job.status ?? {}) !== undefined
    const uncounted = uncountedOf(job, pods, failed)
    const uids = new Set([...uncounted.succeeded, ...uncounted.failed])
    const before = job.status?.uncountedTerminatedPods
    const isNoted = isSameJson(before, uncounted)
    const noted = isNoted ? job : await this.#write(job, { uncountedTerminatedPods: uncounted })
    for (const pod of pods) {
      const isIgnoredEnd = hasEnded(pod) || isBeingDeleted(pod)
      if (uids.has(pod.metadata.uid ?? '') || isIgnoredEnd) await this.#release(pod)
    }
    return { job: noted, counts: countedStatus(noted, pods, uncounted) }
  }

  /** The Job is over: whatever still runs has to end. */
  async #end(job: Job, pods: readonly Pod[]): Promise<readonly Pod[]> {
    const deletionTimestamp = timestamp(this.#context.now())
    return Promise.all(
      pods.map(async (pod) => {
        if (!isActive(pod)) return pod
        await this.#remove(pod)
        this.#say(job, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`)
        return { ...pod, metadata: { ...pod.metadata, deletionTimestamp } }
      }),
    )
  }

  async #follow(
    job: Job,
    pods: readonly Pod[],
    { create, remove }: ReturnType<typeof planJob>,
  ): Promise<readonly Pod[]> {
    for (const pod of remove) {
      await this.#release(pod)
      await this.#remove(pod)
      this.#say(job, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`)
    }
    const made: Pod[] = []
    for (const index of create) made.push(await this.#create(job, index))
    return [...pods.filter((pod) => !remove.includes(pod)), ...made]
  }

  async #create(job: Job, index: number | undefined): Promise<Pod> {
    try {
      const pod = await this.#context.kube.create(assembleJobPod(job, index))
      this.#say(job, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`)
      return pod
    } catch (thrown) {
      this.#say(job, 'Warning', 'FailedCreate', `Error creating: ${serverMessage(thrown)}`)
      throw thrown
    }
  }

  async #release(pod: Pod): Promise<void> {
    if (!isTracked(pod)) return
    const { name, namespace, uid, resourceVersion, finalizers = [] } = pod.metadata
    const kept = finalizers.filter((finalizer) => finalizer !== TRACKING)
    const body = { metadata: { uid, resourceVersion, finalizers: kept } }
    const ref = refTo(Kinds.Pod, { name, ...(namespace !== undefined && { namespace }) })
    await unlessGone(this.#context.kube.patch(ref, { type: 'merge', body }))
  }

  async #remove({ metadata }: Pod): Promise<void> {
    const preconditions = metadata.uid === undefined ? {} : { preconditions: { uid: metadata.uid } }
    await unlessGone(this.#context.kube.delete(refTo(Kinds.Pod, metadata), preconditions))
  }

  async #writeStatus(job: Job, status: JobStatus): Promise<void> {
    if (isSameJson(withoutEmpty(job.status), withoutEmpty(status))) return
    const { uncountedTerminatedPods: _noted, ...before } = job.status ?? {}
    const gone = Object.keys(before).filter((key) => !(key in status))
    await this.#write(job, {
      ...Object.fromEntries(gone.map((key) => [key, null])),
      ...status,
      uncountedTerminatedPods: { succeeded: null, failed: null },
    })
    this.#sayWhatChanged(job, status)
  }

  /** Refused when somebody else wrote in between: the next try starts from what is there then. */
  #write(job: Job, status: object): Promise<Job> {
    const { resourceVersion } = job.metadata
    const body = { metadata: { resourceVersion }, status }
    return this.#context.kube.patch(refTo(Kinds.Job, job.metadata), { type: 'merge', body }, { subresource: 'status' })
  }

  #sayWhatChanged(job: Job, status: JobStatus): void {
    const ended = finishedCondition(status)
    if (ended?.type === 'Complete') return this.#say(job, 'Normal', 'Completed', 'Job completed')
    if (ended) return this.#say(job, 'Warning', ended.reason ?? '', ended.message ?? '')
    const suspendedIn = (of?: JobStatus) => of?.conditions?.find(({ type }) => type === 'Suspended')?.status === 'True'
    if (suspendedIn(status) === suspendedIn(job.status)) return
    const isSuspended = suspendedIn(status)
    this.#say(job, 'Normal', isSuspended ? 'Suspended' : 'Resumed', isSuspended ? 'Job suspended' : 'Job resumed')
  }

  #say(job: Job, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#context.events.record(job, { type, reason, message, component: COMPONENT })
  }

  /** Nothing holds the pods of a finished Job; the Job itself may ask to go after a while. */
  async #afterEnd(job: Job, pods: readonly Pod[]): Promise<Requeue | undefined> {
    for (const pod of pods) await this.#release(pod)
    const { ttlSecondsAfterFinished: seconds } = job.spec
    if (seconds === undefined || isBeingDeleted(job)) return undefined
    const ended = Date.parse(finishedCondition(job.status)?.lastTransitionTime ?? '')
    const left = ended + seconds * 1000 - this.#context.now().getTime()
    if (left > 0) return { requeueAfterMs: left }
    const { uid } = job.metadata
    const options = { propagationPolicy: 'Foreground' as const, ...(uid !== undefined && { preconditions: { uid } }) }
    await unlessGone(this.#context.kube.delete(refTo(Kinds.Job, job.metadata), options))
    return undefined
  }
}

function withoutEmpty(status: JobStatus | undefined): unknown {
  return { ...status, uncountedTerminatedPods: undefined, isNoted: status?.uncountedTerminatedPods }
}

async function unlessGone(write: Promise<unknown>): Promise<void> {
  try {
    await write
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown
  }
}
