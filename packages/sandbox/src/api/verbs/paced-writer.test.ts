import { once } from 'node:events'
import { createServer, get } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { PacedWriter } from './paced-writer.ts'

const LINE = Buffer.from(`${'x'.repeat(10_000)}\n`)

/** Both ends of an answer that has just begun. */
interface Begun extends AsyncDisposable {
  readonly sending: ServerResponse
  readonly receiving: IncomingMessage
}

async function beginAnswer(): Promise<Begun> {
  const asked = Promise.withResolvers<ServerResponse>()
  const server = createServer((_request, response) => {
    response.flushHeaders()
    asked.resolve(response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const receiving = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent: false }, resolve).on('error', reject)
  })
  return {
    sending: await asked.promise,
    receiving,
    async [Symbol.asyncDispose]() {
      receiving.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

test('lines are made when the client can take them, in order, and none is lost', async () => {
  await using answer = await beginAnswer()
  const writer = new PacedWriter(answer.sending)
  let made = 0
  const line = (number: number) => (): Buffer => {
    made += 1
    return Buffer.from(`${number} ${'x'.repeat(10_000)}\n`)
  }
  for (let number = 0; number < 2_000; number++) writer.send(line(number), 10_000)
  writer.end()
  expect(made).toBeLessThan(100)
  const numbers: number[] = []
  for await (const text of createInterface({ input: answer.receiving })) numbers.push(Number(text.split(' ')[0]))
  expect(numbers).toEqual(Array.from({ length: 2_000 }, (_, number) => number))
})

test('what waits at the beginning is not counted, what comes later is', async () => {
  await using answer = await beginAnswer()
  answer.receiving.on('error', () => undefined)
  const writer = new PacedWriter(answer.sending)
  for (let count = 0; count < 1_000; count++) writer.send(() => LINE, LINE.length)
  writer.limit(100_000)
  for (let count = 0; count < 9; count++) writer.send(() => LINE, LINE.length)
  expect(answer.sending.destroyed).toBe(false)
  writer.send(() => LINE, LINE.length)
  expect(answer.sending.destroyed).toBe(true)
})
