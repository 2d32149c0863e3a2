import { setTimeout as delay } from 'node:timers/promises'
import type { Container } from '@nexus/kube'
import { ContainerLog } from './container-log.ts'
import type { Launch } from './container-launch.ts'
import { watchHealth } from './health.ts'
import type { HealthReport } from './health.ts'
import type { PodNetwork } from './pod-network.ts'
import { startPodProcess } from './pod-process.ts'
import type { PodProcess } from './pod-process.ts'
import type { ContainerExit } from './restart.ts'

export interface RunRequest {
  readonly container: Container
  readonly launch: Launch
  readonly dir: string
  readonly podIP: string
  readonly logPath: string
  readonly network: PodNetwork
  readonly log: (message: string) => void
}

/** One run of a container: its process with its log, its socket in the cluster and its probes. */
export interface RunningContainer {
  readonly startedAt: string
  readonly log: ContainerLog
  /** Starts the probes. */
  watch(onHealth: (report: HealthReport) => void): void
  /** Resolves when the process has ended and its socket and probes are gone. */
  readonly exited: Promise<ContainerExit>
  /** SIGTERM, and SIGKILL after `graceSeconds`. Resolves when it has ended. */
  stop(graceSeconds: number): Promise<void>
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
  const { launch, network, podIP, dir } = request
  const log = new ContainerLog(request.logPath)
  const life = new AbortController()
  const { command, env, cwd, sockets } = launch
  const started = await startPodProcess({
    command,
    env,
    dir,
    cwd,
    onOutput: (...output) => log.write(...output),
  }).catch((error: unknown) => {
    log.end()
    throw error
  })
  const startedAt = new Date().toISOString()
  for (const { containerPort, loopbackPort } of sockets) await network.open(podIP, containerPort, loopbackPort)
  let health = Promise.resolve()

  async function finish(): Promise<ContainerExit> {
    const { exitCode, signal } = await started.ended
    life.abort()
    for (const { containerPort, loopbackPort } of sockets) network.close(podIP, containerPort, loopbackPort)
    releasePorts(request)
    await health
    log.end()
    const finishedAt = new Date().toISOString()
    return { exitCode, signal, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt, finishedAt }
  }
  return {
    startedAt,
    log,
    exited: finish(),
    watch(onHealth) {
      const reached = { podIP, loopbackPort: (port: number) => network.loopbackPort(podIP, port) }
      const watch = { container: request.container, sockets: reached, signal: life.signal, report: onHealth }
      health = watchHealth(watch).catch((error: unknown) =>
        request.log(`probes of ${request.container.name}: ${String(error)}`),
      )
    },
    stop: (graceSeconds) => stopProcess(started, graceSeconds),
  }
}

function releasePorts({ launch, network }: RunRequest): void {
  for (const { loopbackPort } of launch.sockets) network.ports.release(loopbackPort)
}

async function stopProcess(running: PodProcess, graceSeconds: number): Promise<void> {
  const ended = new AbortController()
  running.signal('SIGTERM')
  await Promise.race([
    running.ended.then(() => ended.abort()),
    // Not unref'd: the grace is kept even where nothing else keeps this process alive.
    delay(graceSeconds * 1000, undefined, { signal: ended.signal }).catch(() => {}),
  ])
  if (!ended.signal.aborted) running.signal('SIGKILL')
  await running.ended
}
