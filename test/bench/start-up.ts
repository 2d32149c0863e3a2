// How long a person waits for the command and for the sandbox. Prints medians, and the command's beside kubectl's.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasProgram } from '@nexus/kube/testing'
import { nexusBin } from '../e2e/clusters/paths.ts'
import { run } from '../e2e/clusters/run.ts'
import { startSandboxCluster } from '../e2e/clusters/sandbox.ts'

const ROUNDS = 9

const home = await mkdtemp(join(tmpdir(), 'nexus-bench-'))
const version = await medianMs(() => run(nexusBin, ['--version'], { env: { HOME: home } }))
const peer = hasProgram('kubectl')
  ? await medianMs(() => run('kubectl', ['version', '--client'], { env: { HOME: home } }))
  : undefined
print('nexus --version', version, peer, 'kubectl version --client')

const started = performance.now()
const cluster = await startSandboxCluster()
print('nexus up --detach until ready', performance.now() - started)
try {
  const list = await medianMs(() => run(nexusBin, ['list'], { env: cluster.env }))
  const get = hasProgram('kubectl')
    ? await medianMs(() => run('kubectl', ['get', 'inferenceservices', '-n', 'demo'], { env: cluster.env }))
    : undefined
  print('nexus list', list, get, 'kubectl get inferenceservices')
} finally {
  await cluster.stop()
  await rm(home, { recursive: true, force: true })
}

async function medianMs(measured: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    await measured()
    times.push(performance.now() - start)
  }
  return times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN
}

function print(what: string, ms: number, peerMs?: number, peer?: string): void {
  const ratio = peerMs === undefined ? '' : `   ${(ms / peerMs).toFixed(2)} × ${peer} (${peerMs.toFixed(0)} ms)`
  process.stdout.write(`${what.padEnd(32)} ${ms.toFixed(0).padStart(6)} ms${ratio}\n`)
}
