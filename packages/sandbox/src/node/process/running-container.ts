import { setTimeout as delay } from 'node:timers/promises'
import type { Container } from '@nexus/kube'
import { ContainerLog } from '../logs/container-log.ts'
import { execCommand } from './exec-command.ts'
import { watchHealth } from '../probes/health.ts'
import type { HealthReport } from '../probes/health.ts'
import { runHook } from '../lifecycle/hooks.ts'
import type { Launch } from '../launch/launch-base.ts'
import type { PodNetwork } from '../network/pod-network.ts'
import { startPodProcess } from './pod-process.ts'
import type { PodProcess } from './pod-process.ts'
import type { ContainerSockets } from '../probes/probe-target.ts'
import type { ContainerExit } from '../lifecycle/restart.ts'
import { readTerminationMessage } from '../lifecycle/termination-message.ts'
import { timerMs } from '../../timers.ts'

/** What a container gets to end by itself after a hook has used up its time. */
const SHORTEST_GRACE_MS = 2000

export interface RunRequest {
  readonly container: Container
  readonly launch: Launch
  readonly dir: string
  readonly podIP: string
  readonly logPath: string
  readonly network: PodNetwork
  readonly log: (message: string) => void
}

export interface StopRequest {
  readonly graceSeconds: number
  /** Told why the container's `preStop` hook failed. The hook is not run where nobody listens. */
  readonly onHookFailure?: ((why: string) => void) | undefined
}

/** One run of a container: its process with its log, its socket in the cluster and its probes. */
export interface RunningContainer {
  readonly startedAt: string
  readonly log: ContainerLog
  /**
   * Runs the `postStart` hook; resolves with why it failed, or undefined. It is cut short where the container ends or
   * `signal` aborts.
   */
  postStart(signal: AbortSignal): Promise<string | undefined>
  /** Starts the probes. */
  watch(onHealth: (report: HealthReport) => void): void
  /** Resolves when the process has ended and its socket and probes are gone. */
  readonly exited: Promise<ContainerExit>
  /** The `preStop` hook, SIGTERM, and SIGKILL after the grace. Resolves when it has ended. */
  stop(request: StopRequest): Promise<void>
}

/** @throws the system's error where the program cannot be started */
export async function runContainer(request: RunRequest): Promise<RunningContainer> {
  try {
    return await start(request)
  } catch (error) {
    releasePorts(request)
    throw error
  }
}

async function start(request: RunRequest): Promise<RunningContainer> {
  const { container, launch, network, podIP, dir } = request
  const log = new ContainerLog(request.logPath)
  const life = new AbortController()
  const { command, env, cwd, sockets, guarded } = launch
  const started = await startPodProcess({
    command,
    env,
    dir,
    cwd,
    guarded,
    onOutput: (...output) => log.write(...output),
  }).catch((error: unknown) => {
    log.end()
    throw error
  })
  const startedAt = new Date().toISOString()
  for (const { containerPort, loopbackPort } of sockets) await network.open(podIP, containerPort, loopbackPort)
  const reached = reach(request, life.signal)
  const { postStart, preStop } = container.lifecycle ?? {}
  let health = Promise.resolve()

  async function finish(): Promise<ContainerExit> {
    const { exitCode, signal } = await started.ended
    life.abort()
    for (const { containerPort, loopbackPort } of sockets) network.close(podIP, containerPort, loopbackPort)
    releasePorts(request)
    await health
    log.end()
    const finishedAt = new Date().toISOString()
    const failed = exitCode !== 0
    const { logPath } = request
    const message = await readTerminationMessage(container, { file: launch.terminationLog, logPath, failed })
    return { exitCode, signal, reason: failed ? 'Error' : 'Completed', message, startedAt, finishedAt }
  }
  return {
    startedAt,
    log,
    exited: finish(),
    async postStart(signal) {
      const until = AbortSignal.any([signal, life.signal])
      return postStart === undefined ? undefined : runHook(postStart, container, reached, until)
    },
    watch(onHealth) {
      const watch = { container, sockets: reached, signal: life.signal, report: onHealth }
      health = watchHealth(watch).catch((error: unknown) =>
        request.log(`probes of ${container.name}: ${String(error)}`),
      )
    },
    async stop({ graceSeconds, onHookFailure }) {
      const graceMs = timerMs(graceSeconds)
      const deadline = Date.now() + graceMs
      if (preStop !== undefined && onHookFailure !== undefined && graceSeconds > 0) {
        const until = AbortSignal.any([AbortSignal.timeout(graceMs), life.signal])
        const why = await runHook(preStop, container, reached, until)
        if (why !== undefined) onHookFailure(why)
        await stopProcess(started, Math.max(SHORTEST_GRACE_MS, deadline - Date.now()))
        return
      }
      await stopProcess(started, deadline - Date.now())
    },
  }
}

/** How probes and hooks reach the container; their commands end with it. */
function reach({ launch, network, podIP }: RunRequest, life: AbortSignal): ContainerSockets {
  return {
    podIP,
    loopbackPort: (port) => network.loopbackPort(podIP, port),
    async exec(command, signal) {
      const prepared = launch.exec(command)
      return prepared && execCommand(prepared.command, prepared.place, AbortSignal.any([signal, life]))
    },
  }
}

function releasePorts({ launch, network }: RunRequest): void {
  for (const { loopbackPort } of launch.sockets) network.ports.release(loopbackPort)
}

async function stopProcess(running: PodProcess, graceMs: number): Promise<void> {
  const ended = new AbortController()
  running.signal('SIGTERM')
  await Promise.race([
    running.ended.then(() => ended.abort()),
    // Not unref'd: the grace is kept even where nothing else keeps this process alive.
    delay(graceMs, undefined, { signal: ended.signal }).catch(() => {}),
  ])
  if (!ended.signal.aborted) running.signal('SIGKILL')
  await running.ended
}
