import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { defaultSandboxDir, isAlive, readSandboxState } from '@nexus/sandbox/state'
import { CliError } from '../errors.ts'
import type { Shell } from '../shell.ts'

export interface DownFlags {
  readonly dir?: string
}

const STOPS_WITHIN_MS = 45_000

/** `nexus down`: stops the sandbox of a folder. What it stored stays. */
export async function down(flags: DownFlags, shell: Shell): Promise<void> {
  const dir = resolve(flags.dir ?? defaultSandboxDir(shell.env))
  const running = await readSandboxState(dir)
  if (running === undefined) return shell.talk(`No sandbox runs in ${dir}.`)
  process.kill(running.pid, 'SIGTERM')
  const deadline = Date.now() + STOPS_WITHIN_MS
  while (isAlive(running.pid)) {
    shell.signal.throwIfAborted()
    if (Date.now() > deadline) throw stillRunning(dir, running.pid)
    await delay(50)
  }
  shell.talk(`Stopped the sandbox in ${dir}. What was deployed stays: nexus up brings it back.`)
}

function stillRunning(dir: string, pid: number): CliError {
  return new CliError(
    'NEXUS_CLI_NOT_READY',
    `The sandbox in ${dir} has not stopped after ${STOPS_WITHIN_MS / 1000} s`,
    {
      hint: `Look at ${dir}/sandbox.log, or end it with: kill -9 ${pid}`,
    },
  )
}
