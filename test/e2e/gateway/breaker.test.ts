import { eventually } from '@nexus/kube/testing'
import { describe, expect, test } from 'vitest'
import { breakersOf, chat } from './calls.ts'
import { KEY, startGateway, startWorker, statsOf } from './program.ts'

const CONSECUTIVE = 3
const OPEN_MS = 3_000

async function setUp() {
  const worker = await startWorker()
  const upstream = { name: 'worker', url: worker.url, breaker: { consecutive: CONSECUTIVE, openMs: OPEN_MS } }
  const gateway = await startGateway({ upstreams: [upstream], retries: { maxAttempts: 1 } })
  const trip = async (): Promise<void> => {
    for (let call = 0; call < CONSECUTIVE; call += 1) await chat(gateway.url, { fault: 'status=500' })
  }
  const stateOf = async (): Promise<string | undefined> => (await breakersOf(gateway.url))['worker']?.state
  return { worker, gateway, trip, stateOf }
}

describe('a server that fails', () => {
  test('gets no more calls, then a single probe, then all of them', async () => {
    const { worker, gateway, trip, stateOf } = await setUp()
    expect((await chat(gateway.url)).status).toBe(200)
    await trip()
    expect(await stateOf()).toBe('open')
    const before = (await statsOf(worker)).requests

    const refused = await chat(gateway.url)
    expect(refused.status).toBe(503)
    expect(refused.body).toContain('"no_healthy_upstream"')
    expect(refused.body).not.toContain('127.0.0.1')
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1)
    expect((await statsOf(worker)).requests).toBe(before)

    await eventually(async () => expect(await stateOf()).toBe('half_open'))
    // All of them before the probe has its answer.
    const calls = Array.from({ length: 10 }, () => chat(gateway.url, { fault: 'first-byte-delay=2000' }))
    const statuses = (await Promise.all(calls)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 503)).toHaveLength(9)
    expect((await statsOf(worker)).requests).toBe(before + 1)
    expect(await breakersOf(gateway.url)).toEqual({
      worker: { state: 'closed', failure_count: 0, opened_seconds: null },
    })
    expect((await chat(gateway.url)).status).toBe(200)
  })

  test('whose probe fails too is left alone for as long again', async () => {
    const { gateway, trip, stateOf } = await setUp()
    await trip()
    await eventually(async () => expect(await stateOf()).toBe('half_open'))
    await chat(gateway.url, { fault: 'status=500' })
    expect(await stateOf()).toBe('open')
  })

  test('whose probe was left by its client is probed again', async () => {
    const { worker, gateway, trip, stateOf } = await setUp()
    await trip()
    await eventually(async () => expect(await stateOf()).toBe('half_open'))
    const leaving = new AbortController()
    const probe = fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      signal: leaving.signal,
      headers: {
        authorization: `Bearer ${KEY}`,
        'content-type': 'application/json',
        'x-mock-fault': 'first-byte-delay=60000',
      },
      body: '{"model":"worker","messages":[{"role":"user","content":"hello"}]}',
    })
    await eventually(async () => expect((await statsOf(worker)).active).toBe(1))
    leaving.abort()
    await expect(probe).rejects.toThrow()
    await eventually(async () => expect((await chat(gateway.url)).status).toBe(200))
    expect(await stateOf()).toBe('closed')
  })
})

describe('what is no failure', () => {
  test('refusals of the request leave the breaker closed, however many', async () => {
    const { gateway } = await setUp()
    for (let call = 0; call < 2 * CONSECUTIVE; call += 1) {
      expect((await chat(gateway.url, { fault: 'status=422' })).status).toBe(422)
    }
    expect(await breakersOf(gateway.url)).toMatchObject({ worker: { state: 'closed', failure_count: 0 } })
  })

  test('a server that asks for a pause gets it, and the breaker stays closed', async () => {
    const { worker, gateway } = await setUp()
    expect((await chat(gateway.url, { fault: 'status=429;retry-after=4' })).status).toBe(429)
    const { requests } = await statsOf(worker)
    const refused = await chat(gateway.url)
    expect([refused.status, Number(refused.headers['retry-after']) <= 4]).toEqual([503, true])
    expect((await statsOf(worker)).requests).toBe(requests)
    expect(await breakersOf(gateway.url)).toMatchObject({ worker: { state: 'closed', failure_count: 0 } })
    await eventually(async () => expect((await chat(gateway.url)).status).toBe(200))
  })
})
