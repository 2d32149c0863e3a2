import { execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort, listens, startGateway, startNginx, stop, type Proxy } from './gateway-processes.ts'
import { median } from './median.ts'

const ROUNDS = 5
const STREAMS = 300
const INTERVAL_MS = 50

/** How late one round of streams was at the 99th percentile, in milliseconds. */
interface Lateness {
  readonly firstTokenMs: number
  readonly tokenMs: number
  readonly incomplete: number
}

/** The rounds of one proxy: the first meets code that was never run, the others are what a busy day looks like. */
interface StreamFigures {
  readonly name: string
  readonly cold: Lateness
  readonly warm: Lateness
}

/**
 * Streams through the gateway and through nginx, in turns: the proxies share core 0, the load and the server core 1.
 *
 * @param peers the folder of the peers' benchmark, whose load and server these are
 */
export async function compareStreams(peers: string): Promise<StreamFigures[]> {
  const port = await freePort()
  const program = join(peers, 'upstream.mjs')
  const server = spawn('taskset', ['-c', '1', process.execPath, program, String(port)], { stdio: 'ignore' })
  await listens(port)
  const url = `http://127.0.0.1:${port}`
  const proxies = [await startGateway(url, 0), await startNginx(url, 0)]
  const rounds = new Map<Proxy, Lateness[]>(proxies.map((proxy) => [proxy, []]))
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [proxy, list] of rounds) list.push(await stream(peers, proxy.port))
  }
  for (const proxy of proxies) await proxy.stop()
  await stop(server)
  return [...rounds].map(([{ name }, [cold, ...warm]]) => ({ name, cold: cold ?? NEVER, warm: middleOf(warm) }))
}

/** As a line of a report. */
export function renderStreams({ name, cold, warm }: StreamFigures): string {
  const render = ({ firstTokenMs, tokenMs }: Lateness): string =>
    `first token ${firstTokenMs.toFixed(1)}, tokens ${tokenMs.toFixed(1)} ms late`
  const incomplete = cold.incomplete + warm.incomplete
  return `${name.padEnd(8)} p99 ${render(warm)}; first round: ${render(cold)}; ${incomplete} incomplete`
}

const NEVER: Lateness = { firstTokenMs: Number.NaN, tokenMs: Number.NaN, incomplete: STREAMS }

function middleOf(rounds: readonly Lateness[]): Lateness {
  return {
    firstTokenMs: median(rounds.map(({ firstTokenMs }) => firstTokenMs)),
    tokenMs: median(rounds.map(({ tokenMs }) => tokenMs)),
    incomplete: rounds.reduce((sum, { incomplete }) => sum + incomplete, 0),
  }
}

async function stream(peers: string, port: number): Promise<Lateness> {
  const url = `http://127.0.0.1:${port}/v1/chat/completions`
  const load = [join(peers, 'streams.mjs'), url, '--streams', String(STREAMS), '--itl', String(INTERVAL_MS)]
  const { stdout } = await promisify(execFile)('taskset', ['-c', '1', process.execPath, ...load])
  const read = (figure: RegExp): number => Number(figure.exec(stdout)?.[1] ?? Number.NaN)
  return {
    firstTokenMs: read(/"ttftMs":{[^}]*"p99":"([\d.]+)"/),
    tokenMs: read(/"gapOverItlMs":{[^}]*"p99":"(-?[\d.]+)"/),
    incomplete: read(/"failed":(\d+)/) + read(/"incomplete":(\d+)/),
  }
}
