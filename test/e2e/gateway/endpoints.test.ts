import { Agent } from 'node:http'
import { eventually } from '@nexus/kube/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { chat, isCompleteStream, type Answer } from './calls.ts'
import { SERVICE, startSliceServer } from './endpoint-slices.ts'
import { startGateway, startWorker, statsOf, type Program } from './program.ts'

/** Clients that ask again and again until they are told to stop. */
function startClients(url: string, count: number, stream = false) {
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  const answers: Answer[] = []
  const over = new AbortController()
  const client = async (): Promise<void> => {
    while (!over.signal.aborted) answers.push(await chat(url, { agent, stream }))
  }
  const running = Promise.all(Array.from({ length: count }, client))
  return {
    answers,
    /** Waits for so many more answers. */
    more: (times: number) => {
      const until = answers.length + times
      return eventually(() => expect(answers.length).toBeGreaterThanOrEqual(until))
    },
    stop: async () => {
      over.abort()
      await running
    },
  }
}

async function setUp() {
  const workers = await Promise.all([startWorker(), startWorker()])
  const slices = await startSliceServer(workers.map(({ url }) => url))
  const gateway = await startGateway({
    kubernetes: slices.kubernetes,
    upstreams: [
      {
        name: 'worker',
        service: SERVICE,
        breaker: { consecutive: 3, openMs: 500 },
        health: { intervalMs: 200, unhealthy: 2 },
      },
    ],
    retries: { maxAttempts: 3, budgetPercent: 100 },
  })
  const served = async (worker: Program): Promise<number> => (await statsOf(worker)).requests
  await eventually(async () => {
    await chat(gateway.url)
    for (const worker of workers) expect(await served(worker)).toBeGreaterThan(0)
  })
  return { workers, slices, gateway, served }
}

describe('two servers behind one Service', () => {
  test('one dies under load: nobody notices, and it gets calls again when it is back', async () => {
    const { workers, gateway, served } = await setUp()
    const [dying] = workers
    const clients = startClients(gateway.url, 8)
    await clients.more(100)
    dying.child.kill('SIGKILL')
    await dying.exited
    await clients.more(300)
    const back = await startWorker({}, Number(new URL(dying.url).port))
    await eventually(async () => expect(await served(back)).toBeGreaterThan(10))
    await clients.stop()
    expect(clients.answers.filter(({ status }) => status !== 200)).toEqual([])
  })

  test('one leaves the Service under load: its streams finish and new calls go to the other', async () => {
    const { workers, slices, gateway, served } = await setUp()
    const [leaving, staying] = workers
    const clients = startClients(gateway.url, 8, true)
    await clients.more(50)
    slices.setServers([staying.url])
    // Idle for a moment it is also before the gateway has heard of it.
    const before = await eventually(async () => {
      const calls = await served(leaving)
      await clients.more(30)
      expect(await served(leaving)).toBe(calls)
      return calls
    })
    await eventually(async () => expect((await statsOf(leaving)).active).toBe(0))
    await clients.more(100)
    expect(await served(leaving)).toBe(before)
    await clients.stop()
    expect(clients.answers.filter((answer) => !isCompleteStream(answer))).toEqual([])
  })

  test('both die: clients are told to come back, and it goes on when one is there again', async () => {
    const { workers, gateway } = await setUp()
    for (const worker of workers) worker.child.kill('SIGKILL')
    await Promise.all(workers.map(({ exited }) => exited))
    await eventually(async () => {
      const refused = await chat(gateway.url)
      expect([refused.status, refused.headers['retry-after']]).toEqual([503, expect.stringMatching(/^\d+$/)])
    })
    await startWorker({}, Number(new URL(workers[1].url).port))
    await eventually(async () => expect((await chat(gateway.url)).status).toBe(200))
  })
})

test('a server that resets reused connections costs its clients nothing and counts no failure', async () => {
  const worker = await startWorker()
  const gateway = await startGateway({
    upstreams: [{ name: 'worker', url: worker.url, breaker: { consecutive: 1 } }],
    retries: { maxAttempts: 1 },
  })
  for (let call = 0; call < 20; call += 1) {
    expect((await chat(gateway.url, { fault: 'reset-on-reuse' })).status).toBe(200)
  }
  // More than were asked for: those that were reset, and sent again.
  expect((await statsOf(worker)).requests).toBeGreaterThan(20)
})
