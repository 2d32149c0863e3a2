import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { constants } from 'node:os'
import { join } from 'node:path'
import { processStartTime } from '../../process-start.ts'
import { LIFELINE_VARIABLE } from '../network/preload-variables.ts'
import { guarded, LIFELINE_FD } from './guard.ts'
import { PROCESS_RECORD_FILE, renderRecord, signalGroup } from './process-record.ts'

export interface ProcessRequest {
  readonly command: readonly [string, ...string[]]
  readonly env: Readonly<Record<string, string>>
  /** The container's folder: holds the record of the process. */
  readonly dir: string
  readonly cwd: string
  readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void
  /** The program does not watch the pipe by itself: a shell beside it does. Default false. */
  readonly guarded?: boolean | undefined
}

export interface ProcessEnd {
  readonly exitCode: number
  readonly signal?: number | undefined
}

/** A process that stands for a container, with its whole process group. */
export interface PodProcess {
  readonly pid: number
  /** Resolves when it has ended and its output is complete. */
  readonly ended: Promise<ProcessEnd>
  signal(signal: NodeJS.Signals): void
}

/**
 * Starts the process of a container in a process group of its own. It inherits no variable but PATH. The record of it on
 * disk lets the next agent find it, and a pipe that only this agent holds lets it notice when this agent is gone.
 *
 * @throws the system's error where the program cannot be started
 */
export async function startPodProcess(request: ProcessRequest): Promise<PodProcess> {
  const { command, cwd, dir, onOutput, guarded: isGuarded = false } = request
  const [program, ...args] = isGuarded ? guarded(command) : command
  const lifeline = isGuarded ? {} : { [LIFELINE_VARIABLE]: String(LIFELINE_FD) }
  const env = { PATH: process.env['PATH'] ?? '', HOME: cwd, ...request.env, ...lifeline }
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
  await once(child, 'spawn')
  const { pid } = child
  if (pid === undefined) throw new Error(`${command[0]} did not start`)
  const record = join(dir, PROCESS_RECORD_FILE)
  try {
    writeFileSync(record, renderRecord({ pid, startTime: processStartTime(pid) ?? '' }), { mode: 0o600 })
  } catch (error) {
    // A full disk, for example. Nobody would know of this process.
    signalGroup(pid, 'SIGKILL')
    throw error
  }
  child.stdout?.on('data', (chunk: Uint8Array) => onOutput('stdout', chunk))
  child.stderr?.on('data', (chunk: Uint8Array) => onOutput('stderr', chunk))
  // Writing to a child that has just ended fails; the end itself is what counts.
  child.stdio[LIFELINE_FD]?.on('error', () => {})
  return {
    pid,
    ended: endOf(child, pid, record),
    signal: (signal) => {
      // Once it has ended, its number may be another's.
      if (child.exitCode !== null || child.signalCode !== null) return
      // A container's main process alone is asked to end, and may look after its children; none of them survives it.
      if (signal === 'SIGKILL') signalGroup(pid, signal)
      else child.kill(signal)
    },
  }
}

async function endOf(child: ReturnType<typeof spawn>, pid: number, record: string): Promise<ProcessEnd> {
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('exit', (exitCode, exitSignal) => {
      // What the container's main process leaves behind ends with it; then its output ends, too.
      signalGroup(pid, 'SIGKILL')
      child.once('close', () => resolve([exitCode, exitSignal]))
    })
  })
  await rm(record, { force: true })
  if (signal === null) return { exitCode: code ?? 0 }
  const number = constants.signals[signal]
  return { exitCode: 128 + number, signal: number }
}
