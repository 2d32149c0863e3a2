import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

const launcher = join(import.meta.dirname, '..', '..', 'gateway', 'bin', 'nexus-gateway')

/** A program that runs until it is stopped. */
export interface RunningProgram {
  readonly url: string
  readonly stop: () => Promise<void>
}

/** Starts the gateway's own program on a free port and resolves with its address; it ends with the test. */
export async function startGatewayProgram(env: Record<string, string>): Promise<string> {
  const gateway = await spawnGateway(env)
  onTestFinished(() => gateway.stop())
  return gateway.url
}

/** Starts the gateway's own program on a free port; whoever calls stops it. */
export async function spawnGateway(env: Record<string, string>): Promise<RunningProgram> {
  const child = spawn(launcher, [], {
    env: { ...inherited(), GATEWAY_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const stop = stopper(child)
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /"listening","url":"([^"]+)"/.exec(line)?.[1]
    if (url === undefined) continue
    child.stdout.resume() // a pipe that nobody reads would stop the program
    return { url, stop }
  }
  await stop()
  throw new Error('The gateway ended before it listened')
}

/** Kills a program and waits for its end. */
export function stopper(child: ChildProcess): () => Promise<void> {
  const exited = once(child, 'exit')
  return async () => {
    child.kill('SIGKILL')
    await exited
  }
}

/** What a program needs of this one's environment. */
export function inherited(): { PATH: string; HOME: string } {
  const { PATH = '', HOME = '' } = process.env
  return { PATH, HOME }
}
