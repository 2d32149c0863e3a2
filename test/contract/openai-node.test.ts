import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { CHAT_FLOWS, ROUTE_FLOWS } from './openai/answer-flows.ts'
import { FAILURE_FLOWS, STREAM_FLOWS } from './openai/failure-flows.ts'
import { collect, user } from './openai/flow.ts'
import { clientOf, MODEL, spawnGatewayOf, spawnWorker } from './openai/target.ts'
import type { RunningProgram } from './running-gateway.ts'

const FLOWS = [...CHAT_FLOWS, ...ROUTE_FLOWS, ...FAILURE_FLOWS, ...STREAM_FLOWS]
let worker: RunningProgram

beforeAll(async () => {
  worker = await spawnWorker()
  return worker.stop
})

describe('the official client for Node, direct', () => {
  test.each(FLOWS)('$name', async ({ run, verdict }) => {
    expect(await run({ baseURL: `${worker.url}/v1`, worker })).toEqual(verdict)
  })

  test('a stream that ends too early seems whole', async () => {
    expect(await readEarlyEnd(`${worker.url}/v1`)).toHaveLength(3)
  })
})

describe('the official client for Node, through the gateway', () => {
  let gateway: RunningProgram

  beforeAll(async () => {
    gateway = await spawnGatewayOf(worker)
    return gateway.stop
  })

  test.each(FLOWS)('$name', async ({ run, verdict, fails }) => {
    const baseURL = fails === true ? await freshGateway() : `${gateway.url}/v1`
    expect(await run({ baseURL, worker })).toEqual(verdict)
  })

  test('a stream that ends too early is an error', async () => {
    await expect(readEarlyEnd(await freshGateway())).rejects.toThrow()
  })
})

/** The API of a gateway that has met no failure before. */
async function freshGateway(): Promise<string> {
  const fresh = await spawnGatewayOf(worker)
  onTestFinished(() => fresh.stop())
  return `${fresh.url}/v1`
}

/** Reads a stream whose end says neither why nor that it is one. */
async function readEarlyEnd(baseURL: string): Promise<unknown[]> {
  const { openai } = clientOf({ baseURL, worker }, { faults: 'end=2' })
  return collect(await openai.chat.completions.create({ model: MODEL, messages: [user], stream: true }))
}
