import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { eventually } from '@nexus/kube/testing'
import { expect, onTestFinished, test } from 'vitest'
import { chat } from './calls.ts'
import { KEY, startGateway, startWorker } from './program.ts'

const ROUNDS = 5

/** A chat of nearly as many bytes as a gateway takes, in many small messages: the most that there can be to look at. */
function largeChat(): string {
  const message = JSON.stringify({ role: 'user', content: 'wo\\rds "and" 안녕 \u0001 '.repeat(3) })
  const messages = `${`${message},`.repeat(Math.floor((19 * 1024 * 1024) / (Buffer.byteLength(message) + 1)))}${message}`
  return `{"model":"worker","messages":[${messages}]}`
}

function send(url: string, body: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${KEY}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    }
    const sent = request(`${url}/v1/chat/completions`, { method: 'POST', headers, agent: false }, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), reject)
    })
    sent.once('error', reject)
    sent.end(body)
  })
}

test('streams go on while bodies of the largest size come in, one after the other', async () => {
  const worker = await startWorker()
  const gateway = await startGateway({ upstreams: [{ name: 'worker', url: worker.url }] })
  const agent = new Agent()
  onTestFinished(() => agent.destroy())
  let events = 0
  const stream = chat(gateway.url, {
    agent,
    stream: true,
    fault: 'tokens=100000;token-delay=5',
    onData: (piece) => (events += piece.split('data: ').length - 1),
  })
  await eventually(() => expect(events).toBeGreaterThan(0))
  const body = largeChat()
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = events
    const { status } = await send(gateway.url, body)
    expect(status).toBe(200)
    expect(events).toBeGreaterThan(before)
  }
  agent.destroy()
  expect((await stream).status).toBe(0)
})
