import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'

/** Programs that live and end together. */
export interface ProgramGroup {
  /** Starts a program; what it says goes to `<name>.log`. */
  start(name: string, flags: Readonly<Record<string, string | number>>): void
  /** The result of `work`; rejects as soon as one of the programs ends. */
  alive<T>(work: Promise<T>): Promise<T>
  stop(): Promise<void>
}

/**
 * Programs of the folder `assets` with their logs in `dir`. What they hold is thrown away, so they are killed: a
 * kube-apiserver that is asked to end drains its watches for many seconds.
 */
export function startPrograms(assets: string, dir: string): ProgramGroup {
  const children: ChildProcess[] = []
  const ended = Promise.withResolvers<never>()
  ended.promise.catch(() => {}) // nobody may be waiting when one ends
  const killAll = (): void => children.forEach((child) => child.kill('SIGKILL'))
  process.once('exit', killAll) // a test run that is broken off leaves nothing behind
  return {
    start(name, flags) {
      const log = openSync(join(dir, `${name}.log`), 'a')
      const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)
      const child = spawn(join(assets, name), args, { stdio: ['ignore', log, log] })
      closeSync(log)
      children.push(child)
      child.once('error', ended.reject)
      child.once('exit', () => ended.reject(new Error(`${name} ended; its last words are in ${dir}/${name}.log`)))
    },
    alive: (work) => Promise.race([work, ended.promise]),
    async stop() {
      process.off('exit', killAll)
      killAll()
      await Promise.all(children.map(exited))
    },
  }
}

async function exited(child: ChildProcess): Promise<void> {
  const isOver = child.pid === undefined || child.exitCode !== null || child.signalCode !== null
  if (!isOver) await once(child, 'exit')
}
