import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import * as fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { listen } from '../testing/listening.ts'
import { mutatedRequests } from '../testing/mutated-requests.ts'
import type { Exchange } from './exchange.ts'
import { FastExchange } from './fast-exchange.ts'

/** `npm run soak` sets more. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 2_000)

/** A request as a server understood it, once its body was complete. */
interface Understood {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Sends a client's writes on a connection of its own, closes its side, and waits for the end. */
async function send(port: number, writes: readonly string[]): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  socket.on('error', () => undefined)
  socket.resume()
  const closed = once(socket, 'close').catch(() => undefined)
  for (const bytes of writes) {
    socket.write(bytes, 'latin1')
    await new Promise((resolve) => setImmediate(resolve))
  }
  socket.end()
  await closed
}

/** `node:http` alone, with nothing of ours. */
async function startReference(): Promise<{ port: number; understood: Understood[] }> {
  const understood: Understood[] = []
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = []
    request.on('error', () => undefined)
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      understood.push({
        method,
        path: url.replace(/\?.*$/s, ''),
        headers,
        body: Buffer.concat(chunks).toString('latin1'),
      })
      response.end('ok')
    })
  }
  const server = createServer({ maxHeaderSize: 16 * 1024, keepAliveTimeout: 75_000 }, onRequest)
  server.on('checkContinue', onRequest)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, understood }
}

test('never takes for a request what node:http refuses, and reads what both take alike', async () => {
  let understood: (Understood & { readonly isFast: boolean })[] = []
  let fastTotal = 0
  let exchangeTotal = 0
  const { port } = await listen('fast', async (exchange: Exchange) => {
    const body = await exchange.readBody(1024 * 1024)
    const { method, path, headers } = exchange
    const isFast = exchange instanceof FastExchange
    understood.push({ method, path, headers, body: body.toString('latin1'), isFast })
    exchange.respond(200, {}, 'ok')
  })
  const reference = await startReference()
  const property = fc.asyncProperty(mutatedRequests, async (writes) => {
    understood = []
    reference.understood.length = 0
    await Promise.all([send(port, writes), send(reference.port, writes)])
    for (const [i, { isFast, ...request }] of understood.entries()) {
      exchangeTotal++
      if (!isFast) continue
      fastTotal++
      expect(request).toEqual(reference.understood[i])
    }
  })
  await fc.assert(property, { numRuns: RUNS, endOnFailure: false })
  // Both ways were taken, or nothing was compared.
  expect(fastTotal).toBeGreaterThan(RUNS / 10)
  expect(exchangeTotal - fastTotal).toBeGreaterThan(RUNS / 100)
}, 600_000)
