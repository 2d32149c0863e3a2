import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { isNexusError, messageOf, NexusError } from '@nexus/core'
import { z } from 'zod'
import { CliError } from './errors.ts'
import type { Shell } from './shell.ts'

/** What a detached sandbox tells the command that started it, over their channel. */
const Told = z.union([
  z.object({ step: z.string() }),
  z.object({ ready: z.literal(true) }),
  z.object({ failed: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }) }),
])
type Told = z.infer<typeof Told>

/**
 * Starts `nexus ARGS` as a process of its own and resolves when it is ready. It outlives this process and writes what it has
 * to say to `logFile`.
 *
 * @throws what the other process failed with
 */
export async function startDetached(args: readonly string[], logFile: string, shell: Shell): Promise<void> {
  const log = openSync(logFile, 'a', 0o600)
  const child = spawn(process.execPath, [...process.execArgv, join(import.meta.dirname, 'main.ts'), ...args], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env: shell.env,
  })
  const stop = (): void => void child.kill('SIGTERM')
  shell.signal.addEventListener('abort', stop, { once: true })
  try {
    await untilReady(child, logFile, shell)
  } finally {
    shell.signal.removeEventListener('abort', stop)
    if (child.connected) child.disconnect()
    child.unref()
  }
}

function untilReady(child: ChildProcess, logFile: string, shell: Shell): Promise<void> {
  let failure: NexusError = new CliError('NEXUS_CLI_NOT_READY', 'The sandbox ended before it was ready', {
    hint: `Its log says why: ${logFile}`,
  })
  return new Promise((ready, ended) => {
    child.on('message', (message) => {
      const told = Told.safeParse(message).data
      if (told === undefined) return
      if ('step' in told) shell.talk(`${told.step} …`)
      else if ('ready' in told) ready()
      else failure = new NexusError(told.failed.code, told.failed.message, { hint: told.failed.hint })
    })
    child.once('exit', () => ended(failure))
    child.once('error', ended)
  })
}

/** Whether this process was started by `startDetached`. */
export function isDetached(): boolean {
  return process.send !== undefined
}

/** Tells the command that started this process, as long as it listens. */
export function tellStarter(told: Told): void {
  if (process.connected) process.send?.(told)
}

/** What is told of an error: what a person needs, no stack. */
export function toldFailure(thrown: unknown): Told {
  if (!isNexusError(thrown)) return { failed: { code: 'NEXUS_CLI_NOT_READY', message: messageOf(thrown) } }
  const { code, message, hint } = thrown
  return { failed: { code, message, ...(hint !== undefined && { hint }) } }
}
