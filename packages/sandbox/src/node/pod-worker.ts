import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '@nexus/core'
import { isConflict, isNotFound, Kinds, refTo } from '@nexus/kube'
import type { Container, Pod } from '@nexus/kube'
import { removeLog } from './container-log.ts'
import type { ContainerLog } from './container-log.ts'
import { prepareLaunch } from './container-launch.ts'
import { hasRun } from './container-view.ts'
import type { ContainerState, ContainerView } from './container-view.ts'
import { viewsFromStatus } from './container-view-from-status.ts'
import { decidePod } from './decide.ts'
import type { Action } from './decide.ts'
import { ConfigError } from './environment.ts'
import type { PodEvent } from './event-recorder.ts'
import type { HealthReport } from './health.ts'
import { subnetOf } from './node-spec.ts'
import type { PodContext } from './pod-context.ts'
import { fullName, toSeconds } from './pod-status.ts'
import { programFor } from './programs.ts'
import type { Program } from './programs.ts'
import { countCrash } from './restart.ts'
import type { ContainerExit } from './restart.ts'
import { runContainer } from './running-container.ts'
import type { RunningContainer } from './running-container.ts'
import { ServiceAccountKeeper } from './service-account-keeper.ts'
import { imageFailure, startFailure } from './start-failure.ts'
import type { StartFailure } from './start-failure.ts'
import { StatusReporter } from './status-reporter.ts'
import { prepareVolumes } from './volumes.ts'

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
  readonly #serviceAccount: ServiceAccountKeeper
  readonly #views: Map<string, ContainerView>
  readonly #running = new Map<string, RunningContainer>()
  readonly #pullFailures = new Map<string, number>()
  #pod: Pod
  #passes: Promise<void> = Promise.resolve()
  #due = false
  #ending = false
  #removed = false
  #timer: NodeJS.Timeout | undefined

  constructor(context: PodContext, pod: Pod) {
    this.#context = context
    this.#pod = pod
    this.#dir = join(context.podsDir, pod.metadata.uid ?? '')
    this.#startTime = pod.status?.startTime ?? toSeconds(new Date())
    this.#views = new Map(viewsFromStatus(pod, new Date()).map((view) => [view.name, view]))
    this.#status = new StatusReporter(context.kube)
    this.#serviceAccount = new ServiceAccountKeeper(context, join(this.#dir, 'serviceaccount'))
    this.podIP = context.network.claimAddress(subnetOf({ name: pod.spec.nodeName ?? '' }), pod.status?.podIP)
  }

  get pod(): Pod {
    return this.#pod
  }

  /** Takes a new version of the object, or the first one, into account. */
  update(pod: Pod): void {
    this.#pod = pod
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

  /** Where the log of a run stands: the current one, or the one before. */
  logPath(container: string, restartCount: number): string {
    return join(this.#dir, 'containers', container, `${restartCount}.log`)
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
    this.#serviceAccount.close()
    await this.#passes
    await Promise.all([...this.#running.values()].map((running) => running.stop(graceSeconds)))
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
    const { actions, wakeAt } = decidePod(this.#pod, [...this.#views.values()], Date.now())
    for (const action of actions) await this.#act(action)
    await this.#report()
    const again = this.#earliestRetry(wakeAt)
    if (again !== undefined) this.#wakeIn(Math.max(0, again - Date.now()))
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
    const times = [...waits, ...(wakeAt === undefined ? [] : [wakeAt])]
    return times.length === 0 ? undefined : Math.min(...times)
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
    const container = this.#pod.spec.containers.find((candidate) => candidate.name === name)
    if (container === undefined) return
    const program = programFor(container.image ?? '', this.#context.programs)
    if (program === undefined) {
      const failures = (this.#pullFailures.get(name) ?? 0) + 1
      this.#pullFailures.set(name, failures)
      this.#fail(name, imageFailure(container, failures, Date.now()))
      return
    }
    await this.#run(container, program).catch((error: unknown) =>
      this.#fail(name, startFailure(container, error, Date.now())),
    )
  }

  async #run(container: Container, program: Program): Promise<void> {
    const { name } = container
    if ((this.#pod.spec.initContainers ?? []).length > 0) throw new ConfigError('the sandbox runs no init containers')
    const dir = join(this.#dir, 'containers', name)
    await mkdir(dir, { recursive: true, mode: 0o700 })
    const serviceAccountDir = await this.#serviceAccount.prepare(this.#pod)
    const volumes = await prepareVolumes(this.#context.kube, this.#pod, {
      dir: join(this.#dir, 'volumes'),
      serviceAccountDir,
    })
    const place = { podIP: this.podIP, dir, volumes, serviceAccountDir }
    const launch = await prepareLaunch(this.#context, this.#pod, { container, program }, place)
    this.#tell({ type: 'Normal', reason: 'Pulled', message: pulledMessage(container), container: name })
    const view = this.#viewOf(name)
    const restartCount = hasRun(view) ? view.restartCount + 1 : view.restartCount
    // `kubectl logs` reaches this run and the one before; a container that crashes for days must not fill the disk.
    removeLog(this.logPath(name, restartCount - 2))
    const running = await runContainer({
      container,
      launch,
      dir,
      podIP: this.podIP,
      logPath: this.logPath(name, restartCount),
      network: this.#context.network,
      log: this.#context.log,
    })
    this.#running.set(name, running)
    const lastExit = view.state.phase === 'exited' ? view.state.exit : view.lastExit
    const state = {
      phase: 'running',
      startedAt: running.startedAt,
      started: false,
      ready: false,
      stopping: false,
    } as const
    this.#views.set(name, { ...view, program: program.name, restartCount, lastExit, state })
    this.#tell({ type: 'Normal', reason: 'Created', message: `Created container: ${name}`, container: name })
    this.#tell({ type: 'Normal', reason: 'Started', message: `Started container ${name}`, container: name })
    running.watch((report) => this.#takeHealth(name, report))
    void running.exited.then((exit) => this.#takeExit(name, exit))
  }

  #fail(name: string, { state, events }: StartFailure): void {
    const view = this.#viewOf(name)
    const lastExit = view.state.phase === 'exited' ? view.state.exit : view.lastExit
    this.#views.set(name, { ...view, lastExit, state })
    for (const event of events) this.#tell(event)
  }

  #stopContainer({ container, graceSeconds, because }: Extract<Action, { type: 'stop' }>): void {
    const running = this.#running.get(container)
    const view = this.#viewOf(container)
    if (running === undefined || view.state.phase !== 'running') return
    this.#views.set(container, { ...view, state: { ...view.state, stopping: true } })
    const message =
      because === 'deleted'
        ? `Stopping container ${container}`
        : `Container ${container} failed ${because} probe, will be restarted`
    this.#tell({ type: 'Normal', reason: 'Killing', message, container })
    void running.stop(graceSeconds)
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
      case 'unhealthy': {
        const kind = `${report.kind.charAt(0).toUpperCase()}${report.kind.slice(1)}`
        this.#tell({
          type: 'Warning',
          reason: 'Unhealthy',
          message: `${kind} probe failed: ${report.message}`,
          container: name,
        })
        return
      }
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
    if (crashes > 1 && !this.#ending && this.#pod.metadata.deletionTimestamp === undefined) {
      const message = `Back-off restarting failed container ${name} in pod ${fullName(this.#pod)}`
      this.#tell({ type: 'Warning', reason: 'BackOff', message, container: name })
    }
    this.#wake()
  }

  #report(): Promise<void> {
    const containers = [...this.#views.values()]
    return this.#status.report(this.#pod, { containers, podIP: this.podIP, startTime: this.#startTime })
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

function pulledMessage({ image }: Container): string {
  return `Container image "${image}" already present on machine`
}
