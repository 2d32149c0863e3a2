import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '@nexus/core'
import { isConflict, isNotFound, Kinds, refTo } from '@nexus/kube'
import type { Container, Pod } from '@nexus/kube'
import {
  backOffEvent,
  deadlineEvent,
  hookEvent,
  killingEvent,
  startEvents,
  unhealthyEvent,
} from './lifecycle/container-events.ts'
import { removeLog } from './logs/container-log.ts'
import type { ContainerLog } from './logs/container-log.ts'
import { prepareLaunch } from './launch/container-launch.ts'
import { containersOf, hasRun } from './lifecycle/container-view.ts'
import type { ContainerState, ContainerView } from './lifecycle/container-view.ts'
import { viewsFromStatus } from './lifecycle/container-view-from-status.ts'
import { decidePod } from './lifecycle/decide.ts'
import type { Action } from './lifecycle/decide.ts'
import type { DownwardSources } from './launch/downward-fields.ts'
import type { PodEvent } from './event-recorder.ts'
import type { HealthReport } from './probes/health.ts'
import { subnetOf } from './registration/node-spec.ts'
import type { PodContext } from './pod-context.ts'
import { hasEnded, progressOf } from './lifecycle/pod-progress.ts'
import { HOST_IP, toSeconds } from './status/pod-status.ts'
import { programFor } from './launch/programs.ts'
import type { ImageProgram } from './launch/programs.ts'
import { countCrash } from './lifecycle/restart.ts'
import type { ContainerExit } from './lifecycle/restart.ts'
import { runContainer } from './process/running-container.ts'
import type { RunningContainer } from './process/running-container.ts'
import { StartError } from './lifecycle/start-error.ts'
import { imageFailure, startErrorExit, startFailure } from './lifecycle/start-failure.ts'
import type { StartFailure } from './lifecycle/start-failure.ts'
import { StatusReporter } from './status/status-reporter.ts'
import { PodVolumes } from './volumes/pod-volumes.ts'
import type { PreparedVolume } from './volumes/pod-volumes.ts'
import { withServiceAccountVolume } from './volumes/service-account-volume.ts'

/** After an error that nobody expected, and while the API server cannot be reached. */
const ERROR_RETRY_MS = 1000
/** Volumes that could not be brought up to date are tried again after this. */
const VOLUME_RETRY_MS = 10_000
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
  readonly #views: Map<string, ContainerView>
  readonly #running = new Map<string, RunningContainer>()
  readonly #pullFailures = new Map<string, number>()
  /** Ends hooks that a pass waits for. */
  readonly #life = new AbortController()
  #pod: Pod
  #prepared: ReadonlyMap<string, PreparedVolume> | undefined
  #volumesDueAt = Number.POSITIVE_INFINITY
  #toldDeadline = false
  #passes: Promise<void> = Promise.resolve()
  #due = false
  #ending = false
  #removed = false
  #timer: NodeJS.Timeout | undefined

  constructor(context: PodContext, pod: Pod) {
    this.#context = context
    this.#pod = withServiceAccountVolume(pod)
    this.#dir = join(context.podsDir, pod.metadata.uid ?? '')
    this.#startTime = pod.status?.startTime ?? toSeconds(new Date())
    this.#views = new Map(viewsFromStatus(pod, new Date()).map((view) => [view.name, view]))
    this.#status = new StatusReporter(context.kube)
    this.#volumes = new PodVolumes({
      context,
      watcher: context.watcher,
      dir: join(this.#dir, 'volumes'),
      onChange: () => {
        this.#volumesDueAt = 0
        this.#wake()
      },
    })
    this.podIP = context.network.claimAddress(subnetOf({ name: pod.spec.nodeName ?? '' }), pod.status?.podIP)
  }

  get pod(): Pod {
    return this.#pod
  }

  /** Takes a new version of the object, or the first one, into account. */
  update(pod: Pod): void {
    // Labels and annotations may be files of a volume.
    if (JSON.stringify(pod.metadata) !== JSON.stringify(this.#pod.metadata)) this.#volumesDueAt = 0
    this.#pod = withServiceAccountVolume(pod)
    // Nothing starts any more: a hook that a pass waits for does not hold up the end.
    if (pod.metadata.deletionTimestamp !== undefined) this.#life.abort()
    this.#wake()
  }

  /** The views of the containers, as last known. */
  view(container: string): ContainerView | undefined {
    return this.#views.get(container)
  }

  /** The loopback port behind one of the pod's ports, while a program listens there. */
  loopbackPort(port: number): number | undefined {
    return this.#context.network.loopbackPort(this.podIP, port)
  }

  /**
   * Where the log of the last run stands, or of the run before it. A container that waits to start again has no other run
   * than the last one to show, whichever is asked for.
   */
  logPath(container: string, previous: boolean): string {
    const view = this.#viewOf(container)
    const isLast = view.state.phase === 'running' || hasEnded(this.#pod, view)
    return this.#runLog(container, previous && isLast ? view.restartCount - 1 : view.restartCount)
  }

  /** The log of the run that goes on, undefined where none does. */
  runningLog(container: string): ContainerLog | undefined {
    return this.#running.get(container)?.log
  }

  /** The pod's object is gone: ends what runs and forgets its folder. */
  async forget(): Promise<void> {
    await this.stop(GONE_GRACE_SECONDS)
    this.#context.network.releaseAddress(this.podIP)
    await rm(this.#dir, { recursive: true, force: true })
  }

  /** Ends what runs and starts nothing again. The object and the folder stay for the next agent. */
  async stop(graceSeconds: number): Promise<void> {
    this.#ending = true
    clearTimeout(this.#timer)
    this.#life.abort()
    await this.#passes
    this.#volumes.close()
    await Promise.all([...this.#running.values()].map((running) => running.stop({ graceSeconds })))
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
        this.#context.log(`pod ${this.#name()}: ${messageOf(error)}`)
        this.#wakeIn(ERROR_RETRY_MS)
      })
  }

  #wakeIn(milliseconds: number): void {
    clearTimeout(this.#timer)
    if (!this.#ending) this.#timer = setTimeout(() => this.#wake(), milliseconds)
  }

  async #pass(): Promise<void> {
    if (this.#removed || this.#isOver()) return
    if (this.#running.size > 0 && this.#volumesDueAt <= Date.now()) await this.#updateVolumes()
    const moment = { now: Date.now(), startTime: this.#startTime }
    const { actions, wakeAt } = decidePod(this.#pod, [...this.#views.values()], moment)
    this.#tellDeadline(moment)
    for (const action of actions) await this.#act(action)
    await this.#report()
    const again = this.#earliestRetry(wakeAt)
    if (again !== undefined) this.#wakeIn(Math.max(0, again - Date.now()))
  }

  /** Files that a running container reads follow what they are made of; one that cannot be made stays as it is. */
  async #updateVolumes(): Promise<void> {
    try {
      await this.#prepareVolumes()
    } catch (error) {
      this.#tell({ type: 'Warning', reason: 'FailedMount', message: messageOf(error) })
      this.#volumesDueAt = Date.now() + VOLUME_RETRY_MS
    }
  }

  async #prepareVolumes(): Promise<ReadonlyMap<string, PreparedVolume>> {
    this.#volumesDueAt = Number.POSITIVE_INFINITY
    this.#prepared = await this.#volumes.prepare(this.#downward())
    this.#volumesDueAt = Math.min(this.#volumesDueAt, this.#volumes.refreshAt ?? Number.POSITIVE_INFINITY)
    return this.#prepared
  }

  #downward(): DownwardSources {
    const allocatable = this.#context.allocatable(this.#pod.spec.nodeName)
    return { pod: this.#pod, podIP: this.podIP, hostIP: HOST_IP, allocatable }
  }

  /** A pod that ended for good, for example by eviction, is left as it is until it is deleted. */
  #isOver(): boolean {
    const { metadata, status } = this.#pod
    const ended = status?.phase === 'Succeeded' || status?.phase === 'Failed'
    return ended && metadata.deletionTimestamp === undefined && this.#running.size === 0
  }

  /** What this pass has put off comes on top of what was decided before it. */
  #earliestRetry(wakeAt: number | undefined): number | undefined {
    const waits = [...this.#views.values()].flatMap(({ state }) => (state.phase === 'waiting' ? [state.retryAt] : []))
    const earliest = Math.min(this.#volumesDueAt, ...waits, ...(wakeAt === undefined ? [] : [wakeAt]))
    return Number.isFinite(earliest) ? earliest : undefined
  }

  async #act(action: Action): Promise<void> {
    switch (action.type) {
      case 'start':
        return this.#start(action.container)
      case 'stop':
        this.#stopContainer(action)
        return
      case 'remove':
        return this.#remove()
      default:
        return action satisfies never
    }
  }

  async #start(name: string): Promise<void> {
    const container = containersOf(this.#pod).find((candidate) => candidate.container.name === name)?.container
    if (container === undefined) return
    const { image = '' } = container
    const program = programFor(image, this.#context.programs)
    this.#views.set(name, { ...this.#viewOf(name), image })
    if (program === undefined) {
      const failures = (this.#pullFailures.get(name) ?? 0) + 1
      this.#pullFailures.set(name, failures)
      this.#fail(name, imageFailure(container, failures, Date.now()))
      return
    }
    this.#pullFailures.delete(name)
    await this.#run(container, program).catch((error: unknown) => {
      if (error instanceof StartError) this.#takeStartError(name, error)
      else this.#fail(name, startFailure(container, error, Date.now(), this.#viewOf(name).state))
    })
  }

  async #run(container: Container, program: ImageProgram): Promise<void> {
    const { name } = container
    const dir = join(this.#dir, 'containers', name)
    await mkdir(dir, { recursive: true, mode: 0o700 })
    const volumes = await this.#prepareVolumes()
    const { allocatable } = this.#downward()
    const launch = await prepareLaunch(
      this.#context,
      this.#pod,
      { container, program },
      { podIP: this.podIP, dir, volumes, allocatable },
    )
    const view = this.#viewOf(name)
    const restartCount = hasRun(view) ? view.restartCount + 1 : view.restartCount
    // `kubectl logs` reaches this run and the one before; a container that crashes for days must not fill the disk.
    removeLog(this.#runLog(name, restartCount - 2))
    const running = await runContainer({
      container,
      launch,
      dir,
      podIP: this.podIP,
      logPath: this.#runLog(name, restartCount),
      network: this.#context.network,
      log: this.#context.log,
    })
    this.#running.set(name, running)
    for (const event of startEvents(container)) this.#tell(event)
    const started = { ...view, program: program.name, restartCount, lastExit: lastExitOf(view) }
    await this.#runPostStart(container, started, running)
    const { startedAt } = running
    const state = { phase: 'running', startedAt, started: false, ready: false, stopping: false } as const
    this.#views.set(name, { ...started, state })
    running.watch((report) => this.#takeHealth(name, report))
    void running.exited.then((exit) => this.#takeExit(name, exit))
  }

  /** A container runs, for those who look, when its hook has ended. One whose hook fails is ended. */
  async #runPostStart(container: Container, view: ContainerView, running: RunningContainer): Promise<void> {
    if (container.lifecycle?.postStart === undefined) return
    this.#views.set(view.name, { ...view, restartCount: this.#viewOf(view.name).restartCount })
    await this.#report()
    const why = await running.postStart(this.#life.signal)
    if (why === undefined) return
    this.#context.log(`postStart of ${view.name} in pod ${this.#name()}: ${why}`)
    this.#tell(hookEvent('PostStart', view.name))
    await running.stop({ graceSeconds: 0 })
  }

  #fail(name: string, { state, events }: StartFailure): void {
    const view = this.#viewOf(name)
    this.#views.set(name, { ...view, lastExit: lastExitOf(view), state })
    for (const event of events) this.#tell(event)
  }

  /** As if it had run and ended at once. */
  #takeStartError(name: string, error: StartError): void {
    const view = this.#viewOf(name)
    const restartCount = hasRun(view) ? view.restartCount + 1 : view.restartCount
    this.#views.set(name, { ...view, restartCount, lastExit: lastExitOf(view) })
    this.#tell({ type: 'Warning', reason: 'Failed', message: `Error: ${error.message}`, container: name })
    this.#takeExit(name, startErrorExit(error, new Date()))
  }

  #stopContainer({ container, graceSeconds, because }: Extract<Action, { type: 'stop' }>): void {
    const running = this.#running.get(container)
    const view = this.#viewOf(container)
    if (running === undefined || view.state.phase !== 'running') return
    this.#views.set(container, { ...view, state: { ...view.state, stopping: true, graceSeconds } })
    // Its hook has had its turn.
    if (view.state.stopping) return void running.stop({ graceSeconds })
    this.#tell(killingEvent(container, because))
    const onHookFailure = (why: string): void => {
      this.#context.log(`preStop of ${container} in pod ${this.#name()}: ${why}`)
      this.#tell(hookEvent('PreStop', container))
    }
    void running.stop({ graceSeconds, onHookFailure })
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

  #takeHealth(name: string, report: HealthReport): void {
    const view = this.#viewOf(name)
    switch (report.type) {
      case 'unhealthy':
        this.#tell(unhealthyEvent(name, report.kind, report.message))
        return
      case 'started':
        this.#changeRunning(view, { started: true })
        return
      case 'ready':
        this.#changeRunning(view, { ready: report.ready })
        return
      case 'failed':
        this.#changeRunning(view, { failed: report.kind, ready: false })
        return
      default:
        return report satisfies never
    }
  }

  #changeRunning(view: ContainerView, change: Partial<Extract<ContainerState, { phase: 'running' }>>): void {
    if (view.state.phase !== 'running') return
    this.#views.set(view.name, { ...view, state: { ...view.state, ...change } })
    this.#wake()
  }

  #takeExit(name: string, exit: ContainerExit): void {
    const view = this.#viewOf(name)
    const crashes = countCrash(view.crashes, exit)
    this.#running.delete(name)
    this.#views.set(name, { ...view, crashes, state: { phase: 'exited', exit } })
    const over = this.#ending || this.#pod.metadata.deletionTimestamp !== undefined
    if (crashes > 1 && !over && !hasEnded(this.#pod, this.#viewOf(name))) this.#tell(backOffEvent(this.#pod, name))
    this.#wake()
  }

  #tellDeadline(moment: { now: number; startTime: string }): void {
    const { failure } = progressOf(this.#pod, [...this.#views.values()], moment)
    if (failure?.reason === undefined || this.#toldDeadline) return
    this.#toldDeadline = true
    this.#tell(deadlineEvent(failure.reason, failure.message ?? ''))
  }

  #report(): Promise<void> {
    const containers = [...this.#views.values()]
    const volumesReady = this.#prepared !== undefined
    const startTime = this.#startTime
    return this.#status.report(this.#pod, { containers, podIP: this.podIP, startTime, volumesReady })
  }

  #runLog(container: string, restartCount: number): string {
    return join(this.#dir, 'containers', container, `${restartCount}.log`)
  }

  #viewOf(name: string): ContainerView {
    const view = this.#views.get(name)
    if (view === undefined) throw new Error(`pod ${this.#name()} has no container ${name}`)
    return view
  }

  #tell(event: PodEvent): void {
    this.#context.events.record(this.#pod, event)
  }

  #name(): string {
    return `${this.#pod.metadata.namespace}/${this.#pod.metadata.name}`
  }
}

function lastExitOf({ state, lastExit }: ContainerView): ContainerExit | undefined {
  return state.phase === 'exited' ? state.exit : lastExit
}
