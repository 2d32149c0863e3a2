import { readFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '@nexus/kube/testing'
import { expect, test } from 'vitest'
import { chat } from './calls.ts'
import { startGateway, startWorker, statsOf } from './program.ts'

/** Every way in which an answer can go wrong, beside those that go right. */
const FAULTS = [
  'tokens=5',
  'first-byte-delay=200',
  'tokens=50;token-delay=5',
  'cut=0',
  'cut=2',
  'end=2',
  'no-done',
  'malformed=2',
  'error-event',
  'error-event-at=3',
  'status=400',
  'status=429;retry-after=0',
  'status=500',
  'status=503',
  'reset-on-reuse',
  'not-json',
  'gzip',
  'slow-drip=1;tokens=2',
]

const CALLS = 360
const CLIENTS = 12

test('after faults, refusals and clients that leave at any moment no place is taken and none waits', async () => {
  const worker = await startWorker()
  // A stand-in of its own for each, so that breakers, which open all the time, do not keep the load out.
  const upstream = {
    url: worker.url,
    queue: { maxInFlight: 2, maxWaiting: 3, timeoutMs: 150 },
    breaker: { consecutive: 3, openMs: 30 },
  }
  const gateway = await startGateway({
    upstreams: [
      { name: 'worker', ...upstream },
      { name: 'backup', ...upstream },
    ],
    models: [{ id: 'worker', fallback: { models: ['backup'] } }],
    retries: { maxAttempts: 3, budgetPercent: 100, backoffMs: [5, 50] },
    timeouts: { connectMs: 1_000, firstByteMs: 150, idleMs: 150 },
    server: { adminPort: 0 },
  })
  const random = drawFrom(20_261_121)
  const statuses = new Map<number, number>()
  let begun = 0
  const client = async (): Promise<void> => {
    while (begun < CALLS) {
      begun += 1
      const fault = FAULTS[Math.floor(random() * FAULTS.length)] ?? ''
      const agent = new Agent()
      const answer = chat(gateway.url, { agent, fault, stream: random() < 0.6 })
      if (random() < 0.4) {
        await sleep(random() * 120)
        agent.destroy()
      }
      const { status } = await answer
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      agent.destroy()
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  // It was a mixture indeed: answers, clients that left, refusals of the server and of the gateway.
  expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 0, 400, 503]))
  await eventually(async () => {
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
    expect(valuesOf(metrics, 'gateway_upstream_in_flight')).toEqual([0, 0])
    expect(valuesOf(metrics, 'gateway_queue_depth')).toEqual([0])
    expect(valuesOf(metrics, 'gateway_streams_active')).toEqual([0])
    expect((await statsOf(worker)).active).toBe(0)
  }, 10_000)
  await eventually(async () => {
    expect((await chat(gateway.url)).status).toBe(200)
    expect(await connectionsTo(worker.url)).toBeGreaterThan(0)
  })
  await eventually(async () => expect(await connectionsTo(worker.url)).toBe(0))
})

/** Connections to an address that are open at the end which opened them (Linux only). */
async function connectionsTo(url: string): Promise<number> {
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0')
  const table = await readFile('/proc/net/tcp', 'utf8')
  // Local address, remote address, state: 01 is established, 08 is closed by the other end alone.
  return table.split('\n').filter((line) => new RegExp(`:${port} (01|08) `).test(line)).length
}

/** The values of a metric, over its labels. */
function valuesOf(metrics: string, name: string): number[] {
  const lines = metrics.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
  return lines.map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)))
}

/** The same numbers from 0 to 1 each time (mulberry32). */
function drawFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
