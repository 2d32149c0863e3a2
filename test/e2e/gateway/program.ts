import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { stringify } from 'yaml'
import { z } from 'zod'
import { root } from '../clusters/paths.ts'

/** The key of {@link startGateway}'s gateways. */
export const KEY = 'gw-test-e2e-0123456789'

/** A program that ends with the test. */
export interface Program {
  readonly url: string
  readonly child: ChildProcess
  /** What it wrote so far, line by line. */
  readonly lines: readonly string[]
  /** Settles with code and signal. */
  readonly exited: Promise<readonly unknown[]>
}

/** A gateway by this configuration, which may leave out keys, limits and where it listens. */
export async function startGateway(config: Record<string, unknown>): Promise<Program> {
  const dir = await temporaryFolder('nexus-gateway-e2e-')
  const file = join(dir, 'gateway.yaml')
  const defaults = {
    auth: { keys: [{ key: KEY, projects: ['*'] }] },
    limits: { default: { requestsPerWindow: null } },
    accessLog: false,
  }
  await writeFile(file, stringify({ ...defaults, ...config }))
  const env = { GATEWAY_CONFIG_FILE: file, GATEWAY_PORT: '0' }
  return start(join(root, 'gateway/bin/nexus-gateway'), env, (line) => urlOf(/"listening","url":"([^"]+)"/.exec(line)))
}

/** A mock worker; another one that had this port is gone. */
export async function startWorker(env: Record<string, string> = {}, port = 0): Promise<Program> {
  const program = join(root, 'serving/mock-worker/bin/nexus-model-worker')
  return start(program, { PORT: `${port}`, WORKER_TOKEN_DELAY_MS: '1', ...env }, (line) =>
    urlOf(/"message":"Listening".*"port":(\d+)/.exec(line), 'http://127.0.0.1:'),
  )
}

/** A folder that is removed after the test. */
export async function temporaryFolder(prefix: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), prefix))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

const Stats = z.object({ active: z.number(), aborted: z.number(), requests: z.number() })

/** What a worker has seen; requests are those for an answer of its model. */
export async function statsOf({ url }: Program): Promise<z.infer<typeof Stats>> {
  return Stats.parse(await (await fetch(`${url}/mock/stats`)).json())
}

function urlOf(match: RegExpExecArray | null, prefix = ''): string | undefined {
  return match?.[1] === undefined ? undefined : prefix + match[1]
}

/** Starts a program and waits for the line that says where it listens. */
async function start(
  program: string,
  env: Record<string, string>,
  findUrl: (line: string) => string | undefined,
): Promise<Program> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(program, [], { env: { PATH, HOME, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const lines: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => lines.push(line))
  const output = createInterface({ input: child.stdout })
  const url = await new Promise<string>((resolve, reject) => {
    output.on('line', (line) => {
      lines.push(line)
      const found = findUrl(line)
      if (found !== undefined) resolve(found)
    })
    void exited.then(() => reject(new Error(`${program} ended:\n${lines.join('\n')}`)))
  })
  return { url, child, lines, exited }
}
