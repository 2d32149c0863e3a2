import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import OpenAI from 'openai'
import { inherited, spawnGateway, stopper, type RunningProgram } from '../running-gateway.ts'

/** The model of the worker, and the gateway's name for it. */
export const MODEL = 'mock-worker'

/** The key of the gateway of these tests. */
export const KEY = 'gw-test-openai-flows'

const launcher = join(import.meta.dirname, '../../../serving/mock-worker/bin/nexus-model-worker')

/** Where a flow runs: at the worker itself, or at a gateway in front of it. */
export interface Target {
  /** `http://host:port/v1` */
  readonly baseURL: string
  readonly worker: RunningProgram
}

/** A worker on a free port, without delays; whoever calls stops it. */
export async function spawnWorker(): Promise<RunningProgram> {
  const child = spawn(launcher, [], {
    env: { ...inherited(), PORT: '0', WORKER_TOKEN_DELAY_MS: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const stop = stopper(child)
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /"Listening".*"port":(\d+)/.exec(line)?.[1]
    if (port === undefined) continue
    child.stdout.resume() // a pipe that nobody reads would stop the program
    return { url: `http://127.0.0.1:${port}`, stop }
  }
  await stop()
  throw new Error('The worker ended before it listened')
}

/** A gateway in front of a worker, with a limit that no flow reaches; whoever calls stops it. */
export function spawnGatewayOf(worker: RunningProgram, env: Record<string, string> = {}): Promise<RunningProgram> {
  return spawnGateway({
    GATEWAY_API_KEYS: KEY,
    GATEWAY_UPSTREAMS: `${MODEL}=${worker.url}`,
    GATEWAY_RATE_LIMIT_PER_MINUTE: '1000000',
    ...env,
  })
}

/** The official client, which asks for `faults` and counts what it sends. */
export function clientOf(
  { baseURL }: Target,
  { faults, maxRetries = 0, timeoutMs }: ClientOptions = {},
): { readonly openai: OpenAI; readonly sent: () => number } {
  let sent = 0
  const openai = new OpenAI({
    baseURL,
    apiKey: KEY,
    maxRetries,
    ...(timeoutMs !== undefined && { timeout: timeoutMs }),
    ...(faults !== undefined && { defaultHeaders: { 'x-mock-fault': faults } }),
    fetch: (input, init) => {
      sent++
      return fetch(input, init)
    },
  })
  return { openai, sent: () => sent }
}

interface ClientOptions {
  /** `x-mock-fault` of the worker. */
  readonly faults?: string
  /** Default 0. */
  readonly maxRetries?: number
  readonly timeoutMs?: number
}

/** How many requests the worker is answering. */
export async function activeAt({ worker }: Target): Promise<number> {
  const stats: unknown = await (await fetch(`${worker.url}/mock/stats`)).json()
  const active = typeof stats === 'object' && stats !== null && 'active' in stats ? stats.active : undefined
  if (typeof active !== 'number') throw new Error('The worker says nothing of its requests')
  return active
}
