// Whether the gateway stays as small as it is: node test/bench/soak.ts [--minutes 10] [--rate 200]
// Mixed calls at a steady rate; prints live memory and descriptors, and how they grow after a warm-up.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startInspected, type InspectedProcess } from './inspected-process.ts'
import { sendMixedLoad } from './mixed-load.ts'

const KEY = 'gw-test-soak'
const SAMPLES = 60
/** Until caches are full and code is compiled: minutes, so that short runs say little. */
const WARM_UP_SHARE = 0.5

const root = join(import.meta.dirname, '..', '..')
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, rate: { type: 'string', default: '200' } },
})
const totalMs = Number(values.minutes) * 60_000

/** One look at the gateway while it works. */
interface Sample {
  readonly hours: number
  readonly heapMb: number
  readonly buffersMb: number
  readonly residentMb: number
  readonly descriptors: number
}

const directory = await mkdtemp(join(tmpdir(), 'nexus-soak-'))
const worker = await startInspected(
  join(root, 'serving/mock-worker/bin/nexus-model-worker'),
  { PORT: '0', WORKER_TOKEN_DELAY_MS: '2' },
  (line) => line.includes('"Listening"'),
)
try {
  await soak(`http://127.0.0.1:${/"port":(\d+)/.exec(worker.ready)?.[1]}`)
} finally {
  await worker.stop()
  await rm(directory, { recursive: true, force: true })
}

async function soak(workerUrl: string): Promise<void> {
  const gateway = await startInspected(
    join(root, 'gateway/bin/nexus-gateway'),
    {
      GATEWAY_PORT: '0',
      GATEWAY_UPSTREAMS: `worker=${workerUrl},other=${workerUrl}`,
      GATEWAY_DEFAULT_UPSTREAM: 'worker',
      GATEWAY_API_KEYS: KEY,
      GATEWAY_RATE_LIMIT_PER_MINUTE: 'none',
      GATEWAY_DRAIN_SECONDS: '5',
      GATEWAY_USAGE_FILE: join(directory, 'usage.jsonl'),
      GATEWAY_SHADOW_ENABLED: 'true',
      GATEWAY_SHADOW_PERCENT: '10',
      GATEWAY_SHADOW_TARGET: 'other',
      // Calls that are meant to break must not keep the others out.
      GATEWAY_CIRCUIT_BREAKER_MAX_FAILURES: '1000000',
    },
    (line) => line.includes('"listening"'),
  )
  try {
    const url = /"url":"([^"]+)"/.exec(gateway.ready)?.[1] ?? ''
    const stop = AbortSignal.timeout(totalMs)
    const load = sendMixedLoad({
      url,
      key: KEY,
      requestsPerSecond: Number(values.rate),
      maxConcurrent: 64,
      signal: stop,
    })
    const samples = await sampleUntil(stop, gateway, url)
    const tally = await load
    for (const [ending, count] of [...tally].sort(([a], [b]) => a.localeCompare(b)))
      print(`${ending.padEnd(32)} ${String(count).padStart(9)}`)
    report(samples)
  } finally {
    await gateway.stop()
  }
}

async function sampleUntil(stop: AbortSignal, gateway: InspectedProcess, url: string): Promise<Sample[]> {
  const samples: Sample[] = []
  const startedMs = performance.now()
  print('   min    heap MB  buffers MB  resident MB  descriptors')
  for (let round = 1; !stop.aborted; round++) {
    const dueMs = startedMs + (round * totalMs) / SAMPLES
    await new Promise((resolve) => setTimeout(resolve, dueMs - performance.now()))
    const sample = await look(gateway, url, (performance.now() - startedMs) / 3_600_000)
    samples.push(sample)
    const { hours, heapMb, buffersMb, residentMb, descriptors } = sample
    const cells = [(hours * 60).toFixed(1), heapMb.toFixed(2), buffersMb.toFixed(2), residentMb.toFixed(0), descriptors]
    print(cells.map((cell, column) => String(cell).padStart([6, 11, 12, 13, 13][column] ?? 0)).join(''))
  }
  return samples
}

async function look(gateway: InspectedProcess, url: string, hours: number): Promise<Sample> {
  const metrics = await (await fetch(`${url}/metrics`, { headers: { connection: 'close' } })).text()
  const metric = (name: string): number => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(metrics)?.[1] ?? 'NaN')
  const { heap, buffers } = await gateway.liveBytes()
  return {
    hours,
    heapMb: heap / 1e6,
    buffersMb: buffers / 1e6,
    residentMb: metric('process_resident_memory_bytes') / 1e6,
    descriptors: metric('process_open_fds'),
  }
}

function report(samples: readonly Sample[]): void {
  const steady = samples.slice(Math.floor(samples.length * WARM_UP_SHARE))
  const slope = (read: (sample: Sample) => number): string => slopeOf(steady, read).toFixed(2)
  print(`live heap      ${slope(({ heapMb }) => heapMb)} MB/h`)
  print(`live buffers   ${slope(({ buffersMb }) => buffersMb)} MB/h`)
  print(`resident       ${slope(({ residentMb }) => residentMb)} MB/h`)
  print(`descriptors    ${slope(({ descriptors }) => descriptors)} an hour`)
}

/** The slope of the line that fits best, per hour. */
function slopeOf(samples: readonly Sample[], read: (sample: Sample) => number): number {
  const mean = (of: (sample: Sample) => number): number =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length
  const meanHours = mean(({ hours }) => hours)
  const meanValue = mean(read)
  const covariance = mean((sample) => (sample.hours - meanHours) * (read(sample) - meanValue))
  return covariance / mean(({ hours }) => (hours - meanHours) ** 2)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
