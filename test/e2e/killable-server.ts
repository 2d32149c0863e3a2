import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { root } from './clusters/paths.ts'
import type { Answer } from './conformance/case.ts'
import { connect } from './conformance/connection.ts'
import type { Access, Connection } from './conformance/connection.ts'

/** An API server in a process of its own, so that it can be killed: prints its port and certificate when it is ready. */
const PROGRAM = `
  import { startApiServer } from '@nexus/sandbox'
  const [, dir, token] = process.argv
  const { port, caPem } = await startApiServer({ dir, port: 0, token })
  console.log(JSON.stringify({ port, caPem }))
`
const TOKEN = 'admin-token-of-a-killed-server'
const Ready = z.object({ port: z.number(), caPem: z.string() })

export interface KillableServer {
  readonly pid: number
  readonly access: Access
  readonly connection: Connection
  /** The answer, or undefined where the server was gone before it had answered. */
  send(method: string, path: string, body?: object): Promise<Answer | undefined>
  /** The events of a watch until it ends, however it ends. */
  watch(path: string): AsyncGenerator
  /** Ends the process with SIGKILL and resolves when it is gone. */
  kill(): Promise<void>
}

/** Starts the process; `ready` waits until it serves, and is undefined where it was killed before. */
export function spawnServer(dir: string): { child: ChildProcess; ready: Promise<KillableServer | undefined> } {
  const flags = ['--no-warnings', '--conditions=@nexus/source', '--input-type=module', '--eval', PROGRAM]
  const child = spawn(process.execPath, [...flags, dir, TOKEN], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  return { child, ready: whenReady(child) }
}

async function whenReady(child: ChildProcess): Promise<KillableServer | undefined> {
  if (child.stdout === null) return undefined
  for await (const line of createInterface({ input: child.stdout })) {
    return killable(child, Ready.parse(JSON.parse(line)))
  }
  return undefined
}

function killable(child: ChildProcess, { port, caPem }: z.infer<typeof Ready>): KillableServer {
  const access = { url: `https://127.0.0.1:${port}`, token: TOKEN, caPem }
  const connection = connect(access)
  // From now on: one that ends by itself must not be waited for in vain.
  const exited = once(child, 'exit')
  return {
    pid: child.pid ?? 0,
    access,
    connection,
    async send(method, path, body) {
      try {
        return await connection.ask({ method, path, body })
      } catch {
        return undefined
      }
    },
    async *watch(path) {
      try {
        const response = await connection.open({ method: 'GET', path })
        for await (const line of createInterface({ input: response })) yield JSON.parse(line)
      } catch {
        // Cut in the middle of a line, or not opened at all: the watch is over.
      }
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
      connection.close()
    },
  }
}
