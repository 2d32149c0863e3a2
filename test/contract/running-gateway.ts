import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

const launcher = join(import.meta.dirname, '..', '..', 'gateway', 'bin', 'nexus-gateway')

/** Starts the gateway's own program on a free port and resolves with its address; it ends with the test. */
export async function startGatewayProgram(env: Record<string, string>): Promise<string> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(launcher, [], {
    env: { PATH, HOME, GATEWAY_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /"listening","url":"([^"]+)"/.exec(line)?.[1]
    if (url === undefined) continue
    child.stdout.resume() // a pipe that nobody reads would stop the program
    return url
  }
  throw new Error('The gateway ended before it listened')
}
