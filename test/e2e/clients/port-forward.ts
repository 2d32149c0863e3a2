import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { freePorts } from '@nexus/kube/testing'

const KUBECTL = 'kubectl'

export interface PortForward extends AsyncDisposable {
  readonly url: string
}

/** `kubectl port-forward` to port `port` of what `target` names; resolves when it listens. */
export async function startPortForward(
  env: Record<string, string>,
  target: readonly string[],
  port: number,
): Promise<PortForward> {
  const [local = 0] = await freePorts(1)
  const child = spawn(KUBECTL, ['port-forward', ...target, `${local}:${port}`, '--address', '127.0.0.1'], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const listening = once(createInterface({ input: child.stdout }), 'line').then(() => true)
  const isListening = await Promise.race([listening, exited.then(() => false)])
  if (!isListening) throw new Error('kubectl port-forward has ended')
  child.stdout.resume()
  return {
    url: `http://127.0.0.1:${local}`,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await exited
    },
  }
}
