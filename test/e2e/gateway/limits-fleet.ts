import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { freePorts } from '@nexus/kube/testing'
import { spawnWorker } from '../../contract/openai/target.ts'
import { spawnGateway } from '../../contract/running-gateway.ts'

/** A Redis without files. */
export interface RunningRedis {
  readonly port: number
  /** Ends it at once, as a crash does. */
  readonly kill: () => Promise<void>
  /** Stops it in the middle of whatever it does; connections stay open. */
  readonly freeze: () => void
  readonly thaw: () => void
}

export async function spawnRedis(port?: number): Promise<RunningRedis> {
  const at = port ?? (await freePorts(1))[0] ?? 0
  const args = ['--port', String(at), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn('redis-server', args, { stdio: 'ignore' })
  const exited = once(child, 'exit')
  while (!(await answers(at))) {
    if (child.exitCode !== null) throw new Error(`redis-server exited with ${child.exitCode}`)
    await pause(20)
  }
  return {
    port: at,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Gateways that share limits and a worker. */
export interface Fleet {
  readonly urls: readonly string[]
  readonly stop: () => Promise<void>
}

export async function spawnFleet(size: number, env: Record<string, string>): Promise<Fleet> {
  const worker = await spawnWorker()
  const settings = {
    GATEWAY_UPSTREAMS: `worker=${worker.url}`,
    GATEWAY_DEFAULT_UPSTREAM: 'worker',
    GATEWAY_REDIS_REPLICAS: String(size),
    GATEWAY_ACCESS_LOG: 'false',
    ...env,
  }
  const gateways = await Promise.all(Array.from({ length: size }, () => spawnGateway(settings)))
  return {
    urls: gateways.map(({ url }) => url),
    stop: async () => void (await Promise.all([...gateways, worker].map((program) => program.stop()))),
  }
}

/** Where a gateway counts limits: `memory`, `redis`, or `local` while Redis is gone. */
export async function limitsBackend(url: string): Promise<string | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return /gateway_ratelimit_backend_state\{backend="(\w+)"\} 1/.exec(text)?.[1]
}

/** How one call ended. */
export interface Call {
  readonly key: string
  readonly status: number
  readonly ms: number
  readonly headers: NodeJS.Dict<string | string[]>
}

/** Calls over kept connections, as many at a time as there are workers. */
export class Callers {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32 })
  readonly #urls: readonly string[]

  constructor(urls: readonly string[]) {
    this.#urls = urls
  }

  /** `count` calls, keys and gateways in turn, 48 at a time. */
  async call(count: number, keys: readonly string[], urls = this.#urls): Promise<Call[]> {
    const calls: Call[] = []
    let next = 0
    const work = async (): Promise<void> => {
      while (next < count) {
        const turn = next
        next += 1
        // Gateways change slower than keys, so that each key meets each gateway.
        const url = urls[Math.floor(turn / keys.length) % urls.length] ?? ''
        calls.push(await this.#one(url, keys[turn % keys.length] ?? '', turn))
      }
    }
    await Promise.all(Array.from({ length: 48 }, work))
    return calls
  }

  close(): void {
    this.#agent.destroy()
  }

  async #one(url: string, key: string, turn: number): Promise<Call> {
    const began = performance.now()
    const body = JSON.stringify({
      model: 'worker',
      max_tokens: 1,
      messages: [{ role: 'user', content: `call ${turn}` }],
    })
    const headers = { 'x-api-key': key, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const { statusCode = 0, headers: answered } = await new Promise<{
      statusCode?: number | undefined
      headers: NodeJS.Dict<string | string[]>
    }>((resolve, reject) => {
      const sent = request(
        `${url}/v1/chat/completions`,
        { method: 'POST', agent: this.#agent, headers },
        (response) => {
          response.resume()
          response.on('end', () => resolve(response))
          response.on('error', reject)
        },
      )
      sent.on('error', reject)
      sent.end(body)
    })
    return { key, status: statusCode, ms: performance.now() - began, headers: answered }
  }
}
