import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { onTestFinished, expect, test } from 'vitest'
import {
  chat,
  eventually,
  openSocket,
  rawChat,
  readToEnd,
  startTestGateway,
  startUpstream,
  type Received,
} from '../testing/running.ts'

const STREAM = { 'content-type': 'text/event-stream' }
const EVENT = 'data: {"choices":[{"delta":{"content":"héllo 👋"}}]}\n\n'

async function startPair(answer: (received: Received) => void, env: Record<string, string> = {}) {
  // Its health is asked for as well, and answered at once.
  const calls: Received[] = []
  const { url } = await startUpstream((received) => {
    if (received.request.method === 'GET') received.response.end()
    else {
      calls.push(received)
      answer(received)
    }
  })
  const upstream = { url, received: calls }
  const gateway = await startTestGateway({ GATEWAY_UPSTREAMS: `w=${upstream.url}`, ...env })
  return { gateway, upstream }
}

const neverAnswers = (): void => undefined

async function metricOf(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1] ?? 0)
}

test('hands over each event as it comes, not when the stream ends', async () => {
  const { gateway, upstream } = await startPair(({ response }) => {
    response.writeHead(200, STREAM)
    response.write(EVENT)
  })
  const response = await chat(gateway.url, { model: 'w', stream: true })
  expect(response.headers.get('x-accel-buffering')).toBe('no')
  const reader = response.body?.getReader()
  const first = await reader?.read()
  expect(Buffer.from(first?.value ?? []).toString()).toBe(EVENT)
  upstream.received[0]?.response.end('data: [DONE]\n\n')
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('data: [DONE]\n\n')
  expect((await reader?.read())?.done).toBe(true)
})

test('relays a stream byte for byte when it is cut in the middle of characters', async () => {
  const whole = Buffer.from(`${EVENT.repeat(5)}data: [DONE]\n\n`)
  const { gateway } = await startPair(({ response }) => {
    response.writeHead(200, STREAM)
    const writeFrom = (at: number): void => {
      if (at >= whole.length) response.end()
      else response.write(whole.subarray(at, at + 7), () => writeFrom(at + 7))
    }
    writeFrom(0)
  })
  const response = await chat(gateway.url, { model: 'w', stream: true })
  expect(Buffer.from(await response.arrayBuffer())).toEqual(whole)
})

test('relays a stream that the upstream compressed, without looking for its end', async () => {
  const whole = `${EVENT}data: [DONE]\n\n`
  const { gateway } = await startPair(({ response }) => {
    response.writeHead(200, { ...STREAM, 'content-encoding': 'gzip' }).end(gzipSync(whole))
  })
  expect(await (await chat(gateway.url, { model: 'w', stream: true })).text()).toBe(whole)
})

test.each([
  ['before the first byte of a plain answer', '{"model":"w"}', neverAnswers],
  ['before the first byte of a stream', '{"model":"w","stream":true}', neverAnswers],
  [
    'in the middle of a stream',
    '{"model":"w","stream":true}',
    ({ response }: Received): void => void response.writeHead(200, STREAM).write(EVENT),
  ],
])('ends the upstream call when the client leaves %s', async (_name, body, answer) => {
  const { gateway, upstream } = await startPair(answer)
  const socket = await openSocket(gateway.url)
  socket.write(rawChat(body))
  await eventually(() => upstream.received).toHaveLength(1)
  if (answer !== neverAnswers) await once(socket, 'data')
  socket.end()
  await upstream.received[0]?.closed
  await eventually(() => metricOf(gateway.url, 'gateway_client_aborts_total')).toBe(1)
  await eventually(() => gateway.logged.some((line) => line.includes('"status":499'))).toBe(true)
  await eventually(() => metricOf(gateway.url, 'gateway_in_flight_requests')).toBe(1) // the scrape itself
})

test('survives a client that leaves while it sends its body', async () => {
  const { gateway, upstream } = await startPair(neverAnswers)
  const socket = await openSocket(gateway.url)
  socket.write(rawChat('{"model":"w"}').slice(0, -3))
  await sleep(20)
  socket.destroy()
  await eventually(() => metricOf(gateway.url, 'gateway_client_aborts_total')).toBe(1)
  expect(upstream.received).toEqual([])
})

test('reads no further from the upstream than the client reads', async () => {
  const total = 64 * 1024 * 1024
  const chunk = Buffer.alloc(64 * 1024, 0x20)
  let written = 0
  const { gateway, upstream } = await startPair(({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': total })
    const pump = (): void => {
      while (written < total && !response.destroyed) {
        written += chunk.length
        if (!response.write(chunk)) return void response.once('drain', pump)
      }
      response.end()
    }
    pump()
  })
  const socket = await openSocket(gateway.url)
  socket.pause()
  socket.write(rawChat('{"model":"w"}', 'connection: close\r\n'))
  await eventually(() => upstream.received).toHaveLength(1)
  const settled = await settledValue(() => written)
  expect(settled).toBeGreaterThan(0)
  // What is under way fills the socket buffers of two connections (a few MiB each), not the gateway's memory.
  expect(settled).toBeLessThan(total / 2)
  let received = 0
  socket.on('data', (data) => (received += data.length))
  socket.resume()
  await once(socket, 'end')
  expect(received).toBeGreaterThanOrEqual(total)
})

/** A number once it has stopped changing. */
async function settledValue(read: () => number): Promise<number> {
  for (let before = -1; ;) {
    const now = read()
    if (now === before && now > 0) return now
    before = now
    await sleep(300)
  }
}

test('drops a client that leaves its answer unread for too long, and the upstream with it', async () => {
  const chunk = Buffer.alloc(1024 * 1024, 0x20)
  const { gateway, upstream } = await startPair(
    ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const pump = (): void => {
        while (response.write(chunk)) if (response.destroyed) return
        response.once('drain', pump)
      }
      pump()
    },
    { GATEWAY_CLIENT_STALL_SECONDS: '0.2' },
  )
  const socket = await openSocket(gateway.url)
  socket.pause()
  socket.write(rawChat('{"model":"w"}'))
  await eventually(() => upstream.received).toHaveLength(1)
  await upstream.received[0]?.closed
  await eventually(() => metricOf(gateway.url, 'gateway_client_aborts_total')).toBe(1)
})

test.each([
  ['is reset between two events', EVENT, (r: Received) => r.request.socket.resetAndDestroy(), '', 'upstream_error'],
  [
    'is reset within an event',
    `${EVENT}data: {"cho`,
    (r: Received) => r.request.socket.resetAndDestroy(),
    '\n\n',
    'upstream_error',
  ],
  ['ends in order but without [DONE]', EVENT, (r: Received) => void r.response.end(), '', 'upstream_error'],
  ['falls silent', EVENT, () => undefined, '', 'upstream_timeout'],
])('tells a client whose stream %s', async (_name, sent, breakOff, separator, code) => {
  const { gateway } = await startPair(
    (received) => received.response.writeHead(200, STREAM).write(sent, () => setTimeout(() => breakOff(received), 20)),
    { GATEWAY_UPSTREAM_IDLE_TIMEOUT_SECONDS: '0.3' },
  )
  // Its own wish for usage, so that the bytes are the upstream's.
  const response = await chat(gateway.url, { model: 'w', stream: true, stream_options: { include_usage: true } })
  const text = await response.text()
  expect(text.slice(0, sent.length)).toBe(sent)
  const rest = text.slice(sent.length)
  expect(rest.startsWith(`${separator}data: {"error":`)).toBe(true)
  expect(rest).toContain(`"code":"${code}"`)
  expect(rest.endsWith('}\n\n')).toBe(true)
  expect(text).not.toContain('[DONE]')
  await eventually(() => gateway.logged.some((line) => line.includes('"error":"The upstream w'))).toBe(true)
})

test('breaks the connection when a plain answer breaks off, so that half of it does not pass for the whole', async () => {
  const { gateway } = await startPair((received) =>
    received.response
      .writeHead(200, { 'content-type': 'application/json' })
      .write('{"half":', () => setTimeout(() => received.request.socket.resetAndDestroy(), 20)),
  )
  const response = await chat(gateway.url, { model: 'w' })
  await expect(response.text()).rejects.toThrow()
  await eventually(() => gateway.logged.some((line) => line.includes('broke off its answer'))).toBe(true)
  expect(await metricOf(gateway.url, 'gateway_client_aborts_total')).toBe(0)
})

test.each([
  ['breaks off before it answers', (r: Received) => r.request.socket.resetAndDestroy(), 502, 'upstream_error'],
  ['sends a head and then breaks off', breakOffAfterHead, 502, 'upstream_error'],
  ['does not answer in time', neverAnswers, 504, 'upstream_timeout'],
  [
    'sends a head and then nothing in time',
    (r: Received) => r.response.writeHead(200, STREAM).flushHeaders(),
    504,
    'upstream_timeout',
  ],
])('answers with an envelope when the upstream %s', async (_name, answer, status, code) => {
  const { gateway, upstream } = await startPair(answer, {
    GATEWAY_UPSTREAM_FIRST_BYTE_TIMEOUT_SECONDS: '0.3',
    GATEWAY_RETRY_MAX_ATTEMPTS: '1',
  })
  const response = await chat(gateway.url, { model: 'w', stream: true })
  expect(response.status).toBe(status)
  const text = await response.text()
  expect(JSON.parse(text)).toMatchObject({ error: { code } })
  expect(text).not.toContain('127.0.0.1')
  await upstream.received[0]?.closed
  expect(upstream.received).toHaveLength(1)
})

function breakOffAfterHead({ request, response }: Received): void {
  response.writeHead(200, STREAM).flushHeaders()
  setTimeout(() => request.socket.resetAndDestroy(), 20)
}

test.each([
  ['closes', (socket: Socket) => socket.end()],
  ['resets', (socket: Socket) => socket.resetAndDestroy()],
])('sends a call once more when the upstream %s a connection that had served before', async (_name, breakOff) => {
  const upstream = await startUpstream(({ request, response }) => {
    if (upstream.received.length === 2) breakOff(request.socket)
    else response.end('{"ok":true}')
  })
  const gateway = await startTestGateway({ GATEWAY_UPSTREAMS: `w=${upstream.url}` })
  expect(await (await chat(gateway.url, { model: 'w' })).text()).toBe('{"ok":true}')
  const body = '{"model":"w", "seed":12345678901234567890}'
  expect(await (await chat(gateway.url, body)).text()).toBe('{"ok":true}')
  expect(upstream.received.map((call) => call.body)).toEqual(['{"model":"w"}', body, body])
  const [first, second, third] = upstream.received.map(({ request }) => request.socket)
  expect([second === first, third === first]).toEqual([true, false])
})

test('sends a call no third time', async () => {
  const upstream = await startUpstream(({ request, response }) => {
    if (upstream.received.length === 1) response.end('{}')
    else request.socket.resetAndDestroy()
  })
  const gateway = await startTestGateway({ GATEWAY_UPSTREAMS: `w=${upstream.url}`, GATEWAY_RETRY_MAX_ATTEMPTS: '1' })
  await (await chat(gateway.url, { model: 'w' })).text()
  expect((await chat(gateway.url, { model: 'w' })).status).toBe(502)
  expect(upstream.received).toHaveLength(3)
})

test('answers 503 when nothing listens at the upstream', async () => {
  const placeholder = createServer().listen(0, '127.0.0.1')
  await once(placeholder, 'listening')
  const address = placeholder.address()
  const port = typeof address === 'object' ? address?.port : undefined
  await new Promise((resolve) => placeholder.close(resolve))
  const gateway = await startTestGateway({ GATEWAY_UPSTREAMS: `w=http://127.0.0.1:${port}` })
  const response = await chat(gateway.url, { model: 'w' })
  expect(response.status).toBe(503)
  expect(await response.json()).toMatchObject({ error: { code: 'no_healthy_upstream' } })
})

test('refuses an upstream that does not speak HTTP', async () => {
  const server = createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n')).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const address = server.address()
  const gateway = await startTestGateway({
    GATEWAY_UPSTREAMS: `w=http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
  })
  expect((await chat(gateway.url, { model: 'w' })).status).toBe(502)
})

test('stops as soon as its last stream ends, though the client would keep the connection', async () => {
  const { gateway, upstream } = await startPair(({ response }) => void response.writeHead(200, STREAM).write(EVENT), {
    GATEWAY_DRAIN_SECONDS: '3600',
  })
  const socket = await openSocket(gateway.url)
  socket.write(rawChat('{"model":"w","stream":true}'))
  const answer = readToEnd(socket)
  await eventually(() => socket.bytesRead).toBeGreaterThan(0)
  const closed = gateway.close()
  upstream.received[0]?.response.end('data: [DONE]\n\n')
  await closed
  expect(await answer).toContain('[DONE]')
})

test('keeps the connection of a client open for the next call', async () => {
  const { gateway } = await startPair(({ response }) => void response.end('{}'))
  const socket = await openSocket(gateway.url)
  socket.write(rawChat('{"model":"w"}'))
  await once(socket, 'data')
  socket.write(rawChat('{"model":"w"}', 'connection: close\r\n'))
  expect(await readToEnd(socket)).toContain('HTTP/1.1 200 OK')
})
