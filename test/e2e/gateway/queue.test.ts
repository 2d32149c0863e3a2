import { Agent } from 'node:http'
import { eventually } from '@nexus/kube/testing'
import { expect, onTestFinished, test } from 'vitest'
import { chat } from './calls.ts'
import { startGateway, startWorker, statsOf } from './program.ts'

const SLOW = 'first-byte-delay=4000'

async function setUp() {
  const worker = await startWorker()
  const queue = { maxInFlight: 1, maxWaiting: 2, timeoutMs: 60_000 }
  const gateway = await startGateway({ upstreams: [{ name: 'worker', url: worker.url, queue }] })
  const waiting = async (count: number): Promise<void> => {
    await eventually(async () => {
      const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
      expect(metrics).toMatch(new RegExp(`^gateway_queue_depth(\\{.*\\})? ${count}$`, 'm'))
    })
  }
  return { worker, gateway, waiting }
}

test('a full server gets one call after the other, and those for whom there is no room are told to come back', async () => {
  const { worker, gateway, waiting } = await setUp()
  const first = chat(gateway.url, { fault: SLOW })
  await eventually(async () => expect((await statsOf(worker)).active).toBe(1))
  const queued = [chat(gateway.url), chat(gateway.url)]
  await waiting(2)
  for (let call = 0; call < 3; call += 1) {
    const { status, headers, body } = await chat(gateway.url)
    expect([status, headers['retry-after']]).toEqual([503, '1'])
    expect(body).toContain('"overloaded"')
  }
  for (const { status } of await Promise.all([first, ...queued])) expect(status).toBe(200)
  expect((await statsOf(worker)).requests).toBe(3)
})

test('a client that leaves while it waits leaves room for the next, and never reaches the server', async () => {
  const { worker, gateway, waiting } = await setUp()
  const first = chat(gateway.url, { fault: SLOW })
  await eventually(async () => expect((await statsOf(worker)).active).toBe(1))
  const leaving = new Agent()
  onTestFinished(() => leaving.destroy())
  const left = [chat(gateway.url, { agent: leaving }), chat(gateway.url, { agent: leaving })]
  await waiting(2)
  leaving.destroy()
  for (const { status } of await Promise.all(left)) expect(status).toBe(0)
  await waiting(0)
  const next = [chat(gateway.url), chat(gateway.url)]
  for (const { status } of await Promise.all([first, ...next])) expect(status).toBe(200)
  expect(await statsOf(worker)).toMatchObject({ active: 0, requests: 3 })
})
