import { execFileSync, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The gateway as it is shipped. */
export const GATEWAY_BIN = join(import.meta.dirname, '../../gateway/bin/nexus-gateway')

/** What a measured gateway is told: where to send, one key, and limits that count without ever refusing. */
export function gatewayEnvironment(upstream: string): Record<string, string> {
  return {
    GATEWAY_UPSTREAMS: `bench=${upstream}`,
    GATEWAY_DEFAULT_UPSTREAM: 'bench',
    GATEWAY_API_KEYS: 'bench-key',
    GATEWAY_RATE_LIMIT_PER_MINUTE: '100000000',
  }
}

/** A proxy under measurement. */
export interface Proxy {
  readonly name: string
  readonly port: number
  /** Resident memory in bytes. */
  rssBytes(): number
  stop(): Promise<void>
}

/** @param core the processor that it has for itself, if it is to have one */
export async function startGateway(upstream: string, core?: number): Promise<Proxy> {
  const port = await freePort()
  const env = { ...process.env, ...gatewayEnvironment(upstream), GATEWAY_PORT: String(port) }
  const child = start(GATEWAY_BIN, [], core, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  await listens(port)
  return { name: 'gateway', port, rssBytes: () => rssOf(child.pid ?? 0), stop: () => stop(child) }
}

/** nginx as a plain proxy in one process, which neither buffers answers nor writes a log. */
export async function startNginx(upstream: string, core?: number): Promise<Proxy> {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'nexus-bench-'))
  const conf = join(folder, 'nginx.conf')
  await writeFile(conf, renderNginx(folder, port, new URL(upstream).host))
  const child = start('nginx', ['-c', conf], core, { stdio: 'ignore' })
  await listens(port)
  const stopAll = async (): Promise<void> => {
    await stop(child)
    await rm(folder, { recursive: true, force: true })
  }
  return { name: 'nginx', port, rssBytes: () => rssOf(child.pid ?? 0), stop: stopAll }
}

function start(
  program: string,
  args: readonly string[],
  core: number | undefined,
  options: SpawnOptions,
): ChildProcess {
  if (core === undefined) return spawn(program, args, options)
  return spawn('taskset', ['-c', String(core), program, ...args], options)
}

function renderNginx(folder: string, port: number, upstream: string): string {
  return `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error;
events { worker_connections 8192; }
http {
  access_log off; client_max_body_size 64m; proxy_buffering off; client_body_temp_path ${folder}/body;
  upstream u { server ${upstream}; keepalive 512; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_read_timeout 600s; }
  }
}
`
}

function rssOf(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await exited
  clearTimeout(timer)
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Waits until something listens. */
export async function listens(port: number): Promise<void> {
  const deadlineMs = performance.now() + 20_000
  while (performance.now() < deadlineMs) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`nothing listens on port ${port}`)
}
