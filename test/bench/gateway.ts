// How fast the gateway is and what it holds in memory, with its defaults: authentication, limits, policy, metrics, usage
// records and access log on. Where the peers' benchmark and its tools are there, it runs first, side by side with nginx.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { hasProgram } from '@nexus/kube/testing'
import { memoryOfLargePrompts, memoryOfStalledReader, memoryOfStreams, timeLargePrompts } from './gateway-measures.ts'
import { GATEWAY_BIN, gatewayEnvironment, startGateway, startNginx, type Proxy } from './gateway-processes.ts'
import { compareStreams, renderStreams } from './gateway-streams.ts'
import { BenchUpstream } from './gateway-upstream.ts'

const MIB = 1024 * 1024
const CALLS = 64
const STREAMS = 2_000
const STALLED = 100
const PEERS = join(import.meta.dirname, '../../../shared/bench/peers')

await comparePeers(process.argv.slice(2))
const upstream = await new BenchUpstream().start()
try {
  printConfig(upstream.url)
  await compareLargePrompts()
  await measure(`memory for prompts of 1 MiB, ${CALLS} at a time`, async (proxy) => {
    const factor = await memoryOfLargePrompts(proxy, upstream, CALLS)
    return `${factor.toFixed(2)} × the body (at most 3)`
  })
  await measure(`memory with ${STREAMS} open streams`, async (proxy) => {
    return `${mib(await memoryOfStreams(proxy, upstream, STREAMS))} (at most 512)`
  })
  await measure(`memory for one stalled reader, of ${STALLED} more`, async (proxy) => {
    return `${mib(await memoryOfStalledReader(proxy, upstream, STALLED))} (at most 1)`
  })
} finally {
  upstream.stop()
}

/** @param options of the peers' benchmark, for example `--rounds 3 --with nginx,sglang` */
async function comparePeers(options: readonly string[]): Promise<void> {
  if (!existsSync(PEERS) || !['nginx', 'wrk', 'hey', 'taskset'].every(hasProgram)) {
    print('The comparison with nginx and others is left out: it needs shared/bench/peers, nginx, wrk, hey and taskset.')
    return
  }
  const child = spawn(PEERS, ['--ours', GATEWAY_BIN, ...options], { stdio: 'inherit' })
  await once(child, 'exit')
  print('== 300 streams, 64 tokens, 50 ms apart, in turns: the middle of 5 rounds, and the first')
  for (const figures of await compareStreams(dirname(PEERS))) print(renderStreams(figures))
}

function printConfig(url: string): void {
  const env = { ...process.env, ...gatewayEnvironment(url) }
  const { stdout } = spawnSync(GATEWAY_BIN, ['config', 'print', '--redact'], { env, encoding: 'utf8' })
  print(`== configuration of the measured gateway\n${stdout}`)
}

async function compareLargePrompts(): Promise<void> {
  const gateway = await startGateway(upstream.url)
  const nginx = hasProgram('nginx') ? await startNginx(upstream.url) : undefined
  try {
    const times = await timeLargePrompts(nginx === undefined ? [gateway] : [gateway, nginx])
    const ours = times.get('gateway') ?? Number.NaN
    const theirs = times.get('nginx')
    const ratio = theirs === undefined ? '' : `, ${(ours / theirs).toFixed(2)} × nginx (at most 1.3)`
    print(`== a prompt of 1 MiB: ${ours.toFixed(2)} ms${ratio}`)
  } finally {
    await gateway.stop()
    await nginx?.stop()
  }
}

/** One reading of memory, on a gateway of its own. */
async function measure(what: string, read: (proxy: Proxy) => Promise<string>): Promise<void> {
  const gateway = await startGateway(upstream.url)
  try {
    print(`== ${what}: ${await read(gateway)}`)
  } finally {
    await gateway.stop()
  }
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(2)} MiB`
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
