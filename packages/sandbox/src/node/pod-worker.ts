import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '@nexus/core'
import { isConflict, isNotFound, Kinds, refTo } from '@nexus/kube'
import type { Pod } from '@nexus/kube'
import type { DownwardSources } from './launch/downward-fields.ts'
import { deadlineEvent } from './lifecycle/container-events.ts'
import type { ContainerView } from './lifecycle/container-view.ts'
import { decidePod, nextDecision } from './lifecycle/decide.ts'
import type { Action, Moment } from './lifecycle/decide.ts'
import { progressOf } from './lifecycle/pod-progress.ts'
import type { ContainerLog } from './logs/container-log.ts'
import { PodContainers } from './pod-containers.ts'
import type { PodContext } from './pod-context.ts'
import { subnetOf } from './registration/node-spec.ts'
import { HOST_IP, toSeconds } from './status/pod-status.ts'
import { StatusReporter } from './status/status-reporter.ts'
import { PodVolumes } from './volumes/pod-volumes.ts'
import { withServiceAccountVolume } from './volumes/service-account-volume.ts'
import { LONGEST_TIMER_MS } from '../timers.ts'

/** After an error that nobody expected, and while the API server cannot be reached. */
const ERROR_RETRY_MS = 1000
/** A pod that is gone from the API gets this long to end by itself. */
const GONE_GRACE_SECONDS = 2

/**
 * Brings one pod to what its object asks for. Whatever happens (a new version of the object, a process that ends, a probe,
 * a timer) leads to the same pass: decide from what is known, act, report. Passes never overlap.
 */
export class PodWorker {
  readonly podIP: string
  readonly #context: PodContext
  readonly #dir: string
  readonly #startTime: string
  readonly #status: StatusReporter
  readonly #volumes: PodVolumes
  readonly #containers: PodContainers
  /** Ends hooks that a pass waits for. */
  readonly #life = new AbortController()
  #pod: Pod
  /** Until it has ended: then others may get its address. */
  #holdsAddress: boolean
  #toldDeadline = false
  #passes: Promise<void> = Promise.resolve()
  #due = false
  #ending = false
  #removed = false
  #timer: NodeJS.Timeout | undefined

  constructor(context: PodContext, pod: Pod) {
    const onChange = (): void => this.#wake()
    this.#context = context
    this.#pod = withServiceAccountVolume(pod)
    this.#dir = join(context.podsDir, pod.metadata.uid ?? '')
    this.#startTime = pod.status?.startTime ?? toSeconds(new Date())
    this.#status = new StatusReporter(context.kube)
    this.#volumes = new PodVolumes({ context, watcher: context.watcher, dir: join(this.#dir, 'volumes'), onChange })
    this.#containers = new PodContainers({
      context,
      dir: this.#dir,
      pod: this.#pod,
      sources: () => this.#sources(),
      prepareVolumes: () => this.#volumes.prepare(this.#sources()),
      life: this.#life.signal,
      report: () => this.#report(),
      onChange,
    })
    this.#holdsAddress = !hasPodEnded(pod)
    this.podIP = this.#holdsAddress
      ? context.network.claimAddress(subnetOf({ name: pod.spec.nodeName ?? '' }), pod.status?.podIP)
      : (pod.status?.podIP ?? '')
  }

  get pod(): Pod {
    return this.#pod
  }

  /** Takes a new version of the object, or the first one, into account. */
  update(pod: Pod): void {
    const { labels, annotations } = this.#pod.metadata
    const told = JSON.stringify([labels, annotations])
    // They may be files of a volume.
    if (told !== JSON.stringify([pod.metadata.labels, pod.metadata.annotations])) this.#volumes.touch()
    this.#pod = withServiceAccountVolume(pod)
    // Nothing starts any more: a hook that a pass waits for does not hold up the end.
    if (pod.metadata.deletionTimestamp !== undefined) this.#life.abort()
    this.#wake()
  }

  /** The views of the containers, as last known. */
  view(container: string): ContainerView | undefined {
    return this.#containers.view(container)
  }

  /** The loopback port behind one of the pod's ports, while a program listens there. */
  loopbackPort(port: number): number | undefined {
    return this.#holdsAddress ? this.#context.network.loopbackPort(this.podIP, port) : undefined
  }

  /** Where the log of the last run of a container stands, or of the run before it. */
  logPath(container: string, previous: boolean): string {
    return this.#containers.logPath(container, previous)
  }

  /** The log of the run that goes on, undefined where none does. */
  runningLog(container: string): ContainerLog | undefined {
    return this.#containers.runningLog(container)
  }

  /** The pod's object is gone: ends what runs and forgets its folder. */
  async forget(): Promise<void> {
    await this.stop(GONE_GRACE_SECONDS)
    this.#leaveAddress()
    await rm(this.#dir, { recursive: true, force: true })
  }

  /** Ends what runs and starts nothing again. The object and the folder stay for the next agent. */
  async stop(graceSeconds: number): Promise<void> {
    this.#ending = true
    clearTimeout(this.#timer)
    this.#life.abort()
    await this.#passes
    this.#volumes.close()
    await this.#containers.stopAll(graceSeconds)
    await this.#passes
  }

  /** Asks for a pass; many before it begins are one. */
  #wake(): void {
    if (this.#due || this.#ending) return
    this.#due = true
    this.#passes = this.#passes
      .then(() => {
        this.#due = false
        return this.#ending ? undefined : this.#pass()
      })
      .catch((error: unknown) => {
        const { namespace, name } = this.#pod.metadata
        this.#context.log(`pod ${namespace}/${name}: ${messageOf(error)}`)
        this.#wakeIn(ERROR_RETRY_MS)
      })
  }

  #wakeIn(milliseconds: number): void {
    clearTimeout(this.#timer)
    // A deadline or the end of a token may be further away than a timer goes: a pass before it finds nothing to do.
    const pause = Math.min(milliseconds, LONGEST_TIMER_MS)
    if (!this.#ending) this.#timer = setTimeout(() => this.#wake(), pause)
  }

  async #pass(): Promise<void> {
    if (this.#removed) return
    if (this.#isOver()) return this.#leaveAddress()
    if (this.#containers.isAnyRunning) await this.#updateVolumes()
    const moment = { now: Date.now(), startTime: this.#startTime }
    const { actions, wakeAt } = decidePod(this.#pod, this.#containers.views, moment)
    this.#tellDeadline(moment)
    for (const action of actions) await this.#act(action)
    await this.#report()
    const volumesDueAt = this.#containers.isAnyRunning ? this.#volumes.dueAt : undefined
    const again = nextDecision(this.#containers.views, moment, [wakeAt, volumesDueAt])
    if (again !== undefined) this.#wakeIn(Math.max(0, again - Date.now()))
  }

  /** Files that a running container reads follow what they are made of; what cannot be made stays as it is. */
  async #updateVolumes(): Promise<void> {
    try {
      await this.#volumes.update(this.#sources())
    } catch (error) {
      const event = { type: 'Warning', reason: 'FailedMount', message: messageOf(error) } as const
      this.#context.events.record(this.#pod, event)
    }
  }

  #sources(): DownwardSources {
    const allocatable = this.#context.allocatable(this.#pod.spec.nodeName)
    return { pod: this.#pod, podIP: this.podIP, hostIP: HOST_IP, allocatable }
  }

  /** A pod that ended for good, for example by eviction, is left as it is until it is deleted. */
  #isOver(): boolean {
    const isDeleted = this.#pod.metadata.deletionTimestamp !== undefined
    return hasPodEnded(this.#pod) && !isDeleted && !this.#containers.isAnyRunning
  }

  /** A pod that has ended keeps its address in its status alone: there are fewer addresses than pods that once ran. */
  #leaveAddress(): void {
    if (this.#holdsAddress) this.#context.network.releaseAddress(this.podIP)
    this.#holdsAddress = false
  }

  async #act(action: Action): Promise<void> {
    switch (action.type) {
      case 'start':
        return this.#containers.start(action.container)
      case 'stop':
        this.#containers.stop(action)
        return
      case 'remove':
        return this.#remove()
      default:
        return action satisfies never
    }
  }

  /** Everything has ended: the object can go. Its last status says how the containers ended. */
  async #remove(): Promise<void> {
    await this.#report()
    const { uid } = this.#pod.metadata
    await this.#context.events.flush()
    try {
      await this.#context.kube.delete(refTo(Kinds.Pod, this.#pod.metadata), {
        gracePeriodSeconds: 0,
        ...(uid !== undefined && { preconditions: { uid } }),
      })
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error
    }
    // With finalizers the object stays a while; there is nothing left to do for it here.
    this.#removed = true
  }

  #tellDeadline(moment: Moment): void {
    const { failure } = progressOf(this.#pod, this.#containers.views, moment)
    if (failure?.reason === undefined || this.#toldDeadline) return
    this.#toldDeadline = true
    this.#context.events.record(this.#pod, deadlineEvent(failure.reason, failure.message ?? ''))
  }

  #report(): Promise<void> {
    return this.#status.report(this.#pod, {
      containers: this.#containers.views,
      podIP: this.podIP,
      startTime: this.#startTime,
      volumesReady: this.#volumes.areReady,
    })
  }
}

function hasPodEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}
