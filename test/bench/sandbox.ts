// How fast the sandbox's API server is, and what it needs, beside Kubernetes' own in the same run where that is here: ready,
// six objects for each of 1,000 deployments created, listed and watched, a restart on what was stored, and open watches.
// A figure that passes its line is marked.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { loadKubeConfig } from '@nexus/kube/node'
import { controlPlaneAssets, startControlPlane } from '@nexus/kube/testing'
import { startApiServer } from '@nexus/sandbox'
import { connect } from '../e2e/conformance/connection.ts'
import { spawnServer } from '../e2e/killable-server.ts'
import type { KillableServer } from '../e2e/killable-server.ts'
import { median } from './median.ts'
import { DEPLOYMENTS, KINDS, listed, measureLoad } from './sandbox-load.ts'
import type { Load } from './sandbox-load.ts'

const WATCHES = 5_000
const STARTS = 5

const home = await mkdtemp(join(tmpdir(), 'nexus-bench-'))
try {
  await measureStarts()
  const ours = await measureSandbox()
  const real = await measureReal()
  printLoad(ours, real)
} finally {
  await rm(home, { recursive: true, force: true })
}

async function measureStarts(): Promise<void> {
  const inProcess: number[] = []
  const ownProcess: number[] = []
  for (let start = 0; start < STARTS; start++) {
    const began = performance.now()
    const server = await startApiServer({ dir: join(home, `in-${start}`), port: 0, token: 'bench-token' })
    inProcess.push(performance.now() - began)
    await server.close()
    const spawned = performance.now()
    const process = await started(join(home, `own-${start}`))
    ownProcess.push(performance.now() - spawned)
    await process.kill()
  }
  print('API ready, in a process that runs', median(inProcess), 'ms', { most: 1000 })
  print('API ready, from the start of a process', median(ownProcess), 'ms', { most: 1000 })
}

async function started(dir: string): Promise<KillableServer> {
  const server = await spawnServer(dir).ready
  if (server === undefined) throw new Error('The server ended before it was ready')
  return server
}

async function measureSandbox(): Promise<Load> {
  const dir = join(home, 'sandbox')
  const server = await started(dir)
  const load = await measureLoad(server.connection, () => rssMiB([server.pid]))
  await server.kill()
  const began = performance.now()
  const again = await started(dir)
  const readyMs = performance.now() - began
  await listed(again.connection)
  print(`restart on ${DEPLOYMENTS * KINDS.length} objects: ready`, readyMs, 'ms', { most: 3000 })
  print('restart: ready and the deployments listed', performance.now() - began, 'ms', { most: 3000 })
  print('restart: memory', rssMiB([again.pid]), 'MiB')
  await measureWatches(again)
  await again.kill()
  return load
}

async function measureReal(): Promise<Load | undefined> {
  const assets = await controlPlaneAssets()
  if (assets === undefined) return undefined
  const before = new Set(childrenOf(process.pid))
  const plane = await startControlPlane({ assets, dir: join(home, 'real'), controllers: false, kserve: false })
  const own = childrenOf(process.pid).filter((pid) => !before.has(pid))
  try {
    const { server, ca = '', auth } = await loadKubeConfig({ path: plane.kubeconfig, env: {} })
    if (auth.type !== 'token') throw new TypeError('The control plane of the tests knows its users by tokens')
    const connection = connect({ url: server, token: auth.token.reveal(), caPem: ca })
    const load = await measureLoad(connection, () => rssMiB(own))
    connection.close()
    return load
  } finally {
    await plane.stop()
  }
}

/** Many watches of one kind: what each of them costs, and how long one change takes to reach them all. */
async function measureWatches({ pid, access, connection }: KillableServer): Promise<void> {
  const path = '/api/v1/namespaces/default/configmaps'
  const before = rssMiB([pid])
  // In a process of their own, as in life: both ends in one would share its time.
  const clients = spawn(process.execPath, [...process.execArgv, join(import.meta.dirname, 'watching-clients.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  clients.stdin.end(JSON.stringify({ ...access, path, count: WATCHES }))
  const said = createInterface({ input: clients.stdout })[Symbol.asyncIterator]()
  await said.next() // all are open
  print(`${WATCHES} watches of one kind: memory of each`, ((rssMiB([pid]) - before) * 1024) / WATCHES, 'KiB')
  const began = performance.now()
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'told' } }
  await connection.ask({ method: 'POST', path, body })
  print(`${WATCHES} watches: a change made while they are open`, performance.now() - began, 'ms')
  await said.next() // all were told
  print(`${WATCHES} watches: the change told to all`, performance.now() - began, 'ms')
  clients.kill()
}

/** The processes that this one has started. */
function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => statusOf(pid).includes(`\nPPid:\t${parent}\n`))
}

function rssMiB(pids: readonly number[]): number {
  const kib = pids.map((pid) => Number(/VmRSS:\s+(\d+)/.exec(statusOf(pid))?.[1] ?? 0))
  return kib.reduce((sum, one) => sum + one, 0) / 1024
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return '' // it has just ended
  }
}

function printLoad(ours: Load, real: Load | undefined): void {
  const objects = DEPLOYMENTS * KINDS.length
  print('objects created per second', ours.createdPerSecond, '/s', { real: real?.createdPerSecond })
  print(`list of ${DEPLOYMENTS} deployments`, ours.listMs, 'ms', { real: real?.listMs, most: 1000 })
  print(`list of ${DEPLOYMENTS} deployments as a table`, ours.tableMs, 'ms', { real: real?.tableMs, most: 1000 })
  print(`list of all ${objects} objects`, ours.listAllMs, 'ms', { real: real?.listAllMs, most: 1000 })
  print(`changes of ${DEPLOYMENTS * 2} that a watch missed`, ours.missed, '', { real: real?.missed, most: 0 })
  print(`memory with ${objects} objects`, ours.memoryMiB, 'MiB', { real: real?.memoryMiB })
}

function print(
  what: string,
  value: number,
  unit: string,
  line: { most?: number; real?: number | undefined } = {},
): void {
  const peer = line.real === undefined ? '' : `   kube-apiserver and etcd: ${line.real.toFixed(0)} ${unit}`
  const passed = value > (line.most ?? Number.POSITIVE_INFINITY) ? `   more than ${line.most}` : ''
  process.stdout.write(`${what.padEnd(52)} ${value.toFixed(0).padStart(7)} ${unit}${peer}${passed}\n`)
}
