import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Container, Pod } from '@nexus/kube'
import { prepareLaunch } from './launch/container-launch.ts'
import type { DownwardSources } from './launch/downward-fields.ts'
import { programFor } from './launch/programs.ts'
import type { ImageProgram } from './launch/programs.ts'
import { backOffEvent, hookEvent, killingEvent, startEvents, unhealthyEvent } from './lifecycle/container-events.ts'
import { viewsFromStatus } from './lifecycle/container-view-from-status.ts'
import { containersOf, hasRun } from './lifecycle/container-view.ts'
import type { ContainerState, ContainerView } from './lifecycle/container-view.ts'
import type { Action } from './lifecycle/decide.ts'
import { hasEnded } from './lifecycle/pod-progress.ts'
import { countCrash } from './lifecycle/restart.ts'
import type { ContainerExit } from './lifecycle/restart.ts'
import { StartError } from './lifecycle/start-error.ts'
import { imageFailure, startErrorExit, startFailure } from './lifecycle/start-failure.ts'
import type { StartFailure } from './lifecycle/start-failure.ts'
import { removeLog } from './logs/container-log.ts'
import type { ContainerLog } from './logs/container-log.ts'
import type { PodContext } from './pod-context.ts'
import type { PodEvent } from './event-recorder.ts'
import type { HealthReport } from './probes/health.ts'
import { runContainer } from './process/running-container.ts'
import type { RunningContainer } from './process/running-container.ts'
import type { PreparedVolume } from './volumes/pod-volumes.ts'

export interface PodContainersOptions {
  readonly context: PodContext
  /** The folder of the pod. */
  readonly dir: string
  /** The pod as it was found. */
  readonly pod: Pod
  /** What the containers can be told of the pod as it is now. */
  readonly sources: () => DownwardSources
  readonly prepareVolumes: () => Promise<ReadonlyMap<string, PreparedVolume>>
  /** Ends hooks that a start waits for. */
  readonly life: AbortSignal
  /** Something is to be reported before a start goes on. */
  readonly report: () => Promise<void>
  /** Something has happened to a container. */
  readonly onChange: () => void
}

/** The containers of one pod: starts them, ends them, and knows of each what it does. */
export class PodContainers {
  readonly #options: PodContainersOptions
  readonly #views: Map<string, ContainerView>
  readonly #running = new Map<string, RunningContainer>()
  readonly #pullFailures = new Map<string, number>()

  constructor(options: PodContainersOptions) {
    this.#options = options
    this.#views = new Map(viewsFromStatus(options.pod, new Date()).map((view) => [view.name, view]))
  }

  /** What is known of each, in the order in which they start. */
  get views(): readonly ContainerView[] {
    return [...this.#views.values()]
  }

  get isAnyRunning(): boolean {
    return this.#running.size > 0
  }

  view(name: string): ContainerView | undefined {
    return this.#views.get(name)
  }

  /** The log of the run that goes on, undefined where none does. */
  runningLog(name: string): ContainerLog | undefined {
    return this.#running.get(name)?.log
  }

  /**
   * Where the log of the last run stands, or of the run before it. A container that waits to start again has no other run
   * than the last one to show, whichever is asked for.
   */
  logPath(name: string, previous: boolean): string {
    const view = this.#viewOf(name)
    const isLast = view.state.phase === 'running' || hasEnded(this.#pod, view)
    return this.#runLog(name, previous && isLast ? view.restartCount - 1 : view.restartCount)
  }

  /** Tries to start a container once: it runs afterwards, waits and says why, or has ended at once. */
  async start(name: string): Promise<void> {
    const container = containersOf(this.#pod).find((candidate) => candidate.container.name === name)?.container
    if (container === undefined) return
    const { image = '' } = container
    const program = programFor(image, this.#options.context.programs)
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

  /** Begins to end a container, for the reason given. */
  stop({ container, graceSeconds, because }: Extract<Action, { type: 'stop' }>): void {
    const running = this.#running.get(container)
    const view = this.#viewOf(container)
    if (running === undefined || view.state.phase !== 'running') return
    this.#views.set(container, { ...view, state: { ...view.state, stopping: true, graceSeconds } })
    // Its hook has had its turn.
    if (view.state.stopping) return void running.stop({ graceSeconds })
    this.#tell(killingEvent(container, because))
    void running.stop({ graceSeconds, onHookFailure: (why) => this.#tellHook('PreStop', container, why) })
  }

  /** Ends all that run, without their hooks; resolves when they have ended. */
  async stopAll(graceSeconds: number): Promise<void> {
    await Promise.all([...this.#running.values()].map((running) => running.stop({ graceSeconds })))
  }

  async #run(container: Container, program: ImageProgram): Promise<void> {
    const { name } = container
    const { context, prepareVolumes, sources } = this.#options
    const dir = join(this.#options.dir, 'containers', name)
    await mkdir(dir, { recursive: true, mode: 0o700 })
    const volumes = await prepareVolumes()
    const { podIP, allocatable } = sources()
    const place = { podIP, dir, volumes, allocatable }
    const launch = await prepareLaunch(context, this.#pod, { container, program }, place)
    const view = this.#viewOf(name)
    const restartCount = hasRun(view) ? view.restartCount + 1 : view.restartCount
    // `kubectl logs` reaches this run and the one before; a container that crashes for days must not fill the disk.
    removeLog(this.#runLog(name, restartCount - 2))
    const logPath = this.#runLog(name, restartCount)
    const { network, log } = context
    const running = await runContainer({ container, launch, dir, podIP, logPath, network, log })
    this.#running.set(name, running)
    for (const event of startEvents(container)) this.#tell(event)
    await this.#runPostStart(container, running)
    const { startedAt } = running
    const state = { phase: 'running', startedAt, started: false, ready: false, stopping: false } as const
    this.#views.set(name, { ...view, program: program.name, restartCount, lastExit: lastExitOf(view), state })
    running.watch((report) => this.#takeHealth(name, report))
    void running.exited.then((exit) => this.#takeExit(name, exit))
  }

  /** A container runs, for those who look, when its hook has ended. One whose hook fails is ended. */
  async #runPostStart({ name, lifecycle }: Container, running: RunningContainer): Promise<void> {
    if (lifecycle?.postStart === undefined) return
    await this.#options.report()
    const why = await running.postStart(this.#options.life)
    if (why === undefined) return
    this.#tellHook('PostStart', name, why)
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

  #takeHealth(name: string, report: HealthReport): void {
    switch (report.type) {
      case 'unhealthy':
        this.#tell(unhealthyEvent(name, report.kind, report.message))
        return
      case 'started':
        this.#changeRunning(name, { started: true })
        return
      case 'ready':
        this.#changeRunning(name, { ready: report.ready })
        return
      case 'failed':
        this.#changeRunning(name, { failed: report.kind, ready: false })
        return
      default:
        return report satisfies never
    }
  }

  #changeRunning(name: string, change: Partial<Extract<ContainerState, { phase: 'running' }>>): void {
    const view = this.#viewOf(name)
    if (view.state.phase !== 'running') return
    this.#views.set(name, { ...view, state: { ...view.state, ...change } })
    this.#options.onChange()
  }

  #takeExit(name: string, exit: ContainerExit): void {
    const view = this.#viewOf(name)
    const crashes = countCrash(view.crashes, exit)
    const ended: ContainerView = { ...view, crashes, state: { phase: 'exited', exit } }
    this.#running.delete(name)
    this.#views.set(name, ended)
    const leaving = this.#options.life.aborted || this.#pod.metadata.deletionTimestamp !== undefined
    if (crashes > 1 && !leaving && !hasEnded(this.#pod, ended)) this.#tell(backOffEvent(this.#pod, name))
    this.#options.onChange()
  }

  get #pod(): Pod {
    return this.#options.sources().pod
  }

  #runLog(name: string, restartCount: number): string {
    return join(this.#options.dir, 'containers', name, `${restartCount}.log`)
  }

  #viewOf(name: string): ContainerView {
    const view = this.#views.get(name)
    if (view === undefined) throw new Error(`pod ${this.#pod.metadata.name} has no container ${name}`)
    return view
  }

  /** Why a hook failed stays on this machine: its output may hold what events must not. */
  #tellHook(hook: 'PostStart' | 'PreStop', name: string, why: string): void {
    const { context } = this.#options
    context.log(`${hook} hook of ${name} in pod ${this.#pod.metadata.namespace}/${this.#pod.metadata.name}: ${why}`)
    this.#tell(hookEvent(hook, name))
  }

  #tell(event: PodEvent): void {
    this.#options.context.events.record(this.#pod, event)
  }
}

function lastExitOf({ state, lastExit }: ContainerView): ContainerExit | undefined {
  return state.phase === 'exited' ? state.exit : lastExit
}
