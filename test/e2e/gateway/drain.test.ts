import { Agent } from 'node:http'
import { eventually } from '@nexus/kube/testing'
import { expect, onTestFinished, test } from 'vitest'
import { chat, isCompleteStream, readiness, type Answer } from './calls.ts'
import { startGateway, startWorker, statsOf, type Program } from './program.ts'

const ROUNDS = 3

/** What a load balancer knows: gateways that come and go, and which of them are ready. */
class Balancer {
  readonly gateways: Program[] = []
  #turn = 0

  pick(): Program {
    const gateway = this.gateways[(this.#turn += 1) % this.gateways.length]
    if (gateway === undefined) throw new Error('no gateway is ready')
    return gateway
  }

  /** Sends no more new requests to it, as an endpoint controller does once it is not ready. */
  remove(gateway: Program): void {
    this.gateways.splice(this.gateways.indexOf(gateway), 1)
  }
}

test('gateways that are replaced again and again under load cut no answer', async () => {
  const worker = await startWorker({ WORKER_TOKEN_DELAY_MS: '20' })
  const start = () =>
    startGateway({
      upstreams: [{ name: 'worker', url: worker.url }],
      server: { drain: { preStopMs: 2_000, maxMs: 60_000 } },
    })
  const balancer = new Balancer()
  balancer.gateways.push(...(await Promise.all([start(), start()])))
  const answers: { readonly kind: string; readonly answer: Answer }[] = []
  const over = new AbortController()
  const load = async (kind: string, stream: boolean, agent?: Agent): Promise<void> => {
    while (!over.signal.aborted) {
      const fault = stream ? 'tokens=60' : 'tokens=3'
      const answer = await chat(balancer.pick().url, { stream, fault, ...(agent && { agent }) })
      answers.push({ kind, answer })
    }
  }
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  const clients = Promise.all([
    ...Array.from({ length: 4 }, () => load('stream', true)),
    ...Array.from({ length: 4 }, () => load('plain, one connection for each', false)),
    ...Array.from({ length: 4 }, () => load('plain, connections kept', false, agent)),
  ])
  for (let round = 0; round < ROUNDS; round += 1) {
    const [oldest] = balancer.gateways
    if (oldest === undefined) throw new Error('there is always one')
    balancer.gateways.push(await start())
    const before = answers.length
    await eventually(() => expect(answers.length).toBeGreaterThan(before + 50))
    oldest.child.kill('SIGTERM')
    await eventually(async () => expect(await readiness(oldest.url)).toBe(503))
    balancer.remove(oldest)
    expect(await oldest.exited).toEqual([0, null])
  }
  over.abort()
  await clients
  const isWhole = ({ kind, answer }: (typeof answers)[number]): boolean =>
    kind === 'stream' ? isCompleteStream(answer) : answer.status === 200 && answer.body.includes('"usage"')
  expect(answers.filter((answer) => !isWhole(answer))).toEqual([])
  expect(new Set(answers.map(({ kind }) => kind)).size).toBe(3)
})

test('on SIGTERM it is not ready first, goes on to answer, then lets nobody in while streams finish', async () => {
  const worker = await startWorker()
  const gateway = await startGateway({
    upstreams: [{ name: 'worker', url: worker.url }],
    server: { drain: { preStopMs: 3_000, maxMs: 60_000 } },
  })
  expect(await readiness(gateway.url)).toBe(200)
  let received = ''
  const stream = chat(gateway.url, {
    stream: true,
    fault: 'tokens=60;token-delay=100',
    onData: (piece) => (received += piece),
  })
  await eventually(() => expect(received).toContain('data:'))
  gateway.child.kill('SIGTERM')
  await eventually(async () => expect(await readiness(gateway.url)).toBe(503))
  expect((await chat(gateway.url)).status).toBe(200)
  await eventually(async () => expect((await chat(gateway.url)).error).toBe('ECONNREFUSED'))
  expect(gateway.child.exitCode).toBeNull()
  expect(isCompleteStream(await stream)).toBe(true)
  expect(await gateway.exited).toEqual([0, null])
})

test('a stream that outlasts the drain ends in an error event, not in silence, and its generation is stopped', async () => {
  const worker = await startWorker()
  const gateway = await startGateway({
    upstreams: [{ name: 'worker', url: worker.url }],
    server: { drain: { preStopMs: 0, maxMs: 500 } },
  })
  let received = ''
  const stream = chat(gateway.url, {
    stream: true,
    fault: 'tokens=1000;token-delay=1000',
    onData: (piece) => (received += piece),
  })
  await eventually(() => expect(received).toContain('data:'))
  gateway.child.kill('SIGTERM')
  expect(await gateway.exited).toEqual([0, null])
  expect(isCompleteStream(await stream)).toBe(false)
  expect(received).toContain('"error":{"message":"The gateway stopped before the answer was complete."')
  await eventually(async () => expect((await statsOf(worker)).active).toBe(0))
})
