import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createCertificate } from '../testing/certificate.ts'
import { eventually } from '../testing/loopback.ts'
import { createHttpClient } from './http-client.ts'
import type { ClientOptions, UpstreamCall, UpstreamClient } from './upstream-client.ts'

const OPTIONS: ClientOptions = { connectMs: 5_000, idleMs: 60_000, maxConnections: 16 }
const IDENTITY = createCertificate()
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

const authorities = getCACertificates()
beforeAll(() => setDefaultCACertificates([...authorities, IDENTITY.cert]))
afterAll(() => setDefaultCACertificates(authorities))

/** A server that a test scripts byte by byte, and the requests that reached it. */
async function startScript(answer: (request: string, socket: Socket, index: number) => void, scheme = 'http') {
  const requests: string[] = []
  const sockets: Socket[] = []
  const onConnection = (socket: Socket): void => {
    sockets.push(socket)
    let pending = ''
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      pending += bytes.toString('latin1')
      for (let end = wholeRequest(pending); end !== -1; end = wholeRequest(pending)) {
        const request = pending.slice(0, end)
        pending = pending.slice(end)
        requests.push(request)
        answer(request, socket, requests.length - 1)
      }
    })
  }
  const server: Server = scheme === 'https' ? createTlsServer(IDENTITY, onConnection) : createServer(onConnection)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: new URL(`${scheme}://127.0.0.1:${port}/base`), requests, sockets }
}

function wholeRequest(text: string): number {
  const head = text.indexOf('\r\n\r\n')
  if (head === -1) return -1
  const length = Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0)
  return text.length >= head + 4 + length ? head + 4 + length : -1
}

function open(url: URL, options: Partial<ClientOptions> = {}, now?: () => number): UpstreamClient {
  const client = createHttpClient(url, { ...OPTIONS, ...options }, now)
  onTestFinished(() => client.close())
  return client
}

function post(client: UpstreamClient, body = '{}'): UpstreamCall {
  return client.start({ method: 'POST', path: '/v1/x', headers: { 'x-a': '1' }, body: [Buffer.from(body)] })
}

async function readAll(call: UpstreamCall): Promise<string> {
  const pieces: Uint8Array[] = []
  for (;;) {
    const piece = await call.read()
    if (piece === undefined) return Buffer.concat(pieces).toString('latin1')
    pieces.push(piece)
  }
}

async function whole(call: UpstreamCall) {
  const { status, headers } = await call.head()
  return { status, headers, body: await readAll(call) }
}

const SCHEMES = ['http', 'https']

test.each(SCHEMES)('over %s: sends one request with its length and reads the answer', async (scheme) => {
  const { url, requests } = await startScript((_request, socket) => socket.write(OK), scheme)
  const client = open(url)
  const call = client.start({
    method: 'POST',
    path: '/v1/x',
    headers: { 'x-a': ['1', '2'] },
    body: [Buffer.from('ab'), Buffer.from('c')],
  })
  expect(await whole(call)).toMatchObject({ status: 200, body: 'ok', headers: { 'content-length': '2' } })
  expect(requests[0]).toMatch(/^POST \/base\/v1\/x HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/)
  expect(requests[0]).toMatch(/content-length: 3\r\n\r\nabc$/)
  const get = client.start({ method: 'GET', path: '/health', headers: {}, body: [] })
  expect((await whole(get)).body).toBe('ok')
  expect(requests[1]).toMatch(/^GET \/base\/health HTTP/)
})

test.each(SCHEMES)('over %s: keeps one connection for calls one after the other', async (scheme) => {
  const { url, sockets } = await startScript((_request, socket) => socket.write(OK), scheme)
  const client = open(url)
  for (let i = 0; i < 5; i++) await whole(post(client))
  expect(sockets).toHaveLength(1)
})

const ANSWERS: [string, string, string][] = [
  ['a length', OK, 'ok'],
  ['no body', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
  ['an empty body', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', ''],
  ['interim answers before it', `HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${OK}`, 'ok'],
  [
    'chunks',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n',
    'abc0123456789',
  ],
  [
    'chunks and trailers',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx-t: 1\r\nx-u: 2\r\n\r\n',
    'a',
  ],
]

test.each(SCHEMES.flatMap((scheme) => ANSWERS.map((answer) => [scheme, ...answer] as const)))(
  'over %s: reads an answer with %s, in whatever pieces it comes',
  async (scheme, _what, bytes, body) => {
    for (const size of [1, 7, bytes.length]) {
      const { url, sockets } = await startScript((_request, socket) => void drip(socket, bytes, size), scheme)
      const client = open(url)
      expect((await whole(post(client))).body).toBe(body)
      expect((await whole(post(client))).body).toBe(body)
      expect(sockets).toHaveLength(1)
    }
  },
)

async function drip(socket: Socket, bytes: string, size: number): Promise<void> {
  socket.setNoDelay(true)
  for (let at = 0; at < bytes.length; at += size) {
    socket.write(bytes.slice(at, at + size), 'latin1')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test.each(SCHEMES)(
  'over %s: reads an answer that ends with its connection, and does not use that again',
  async (scheme) => {
    const { url, sockets } = await startScript(
      (_request, socket) => socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nall'),
      scheme,
    )
    const client = open(url)
    expect((await whole(post(client))).body).toBe('all')
    expect((await whole(post(client))).body).toBe('all')
    expect(sockets).toHaveLength(2)
  },
)

const BROKEN: [string, string][] = [
  ['no HTTP', 'hello\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
  ['a length beside chunks', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a length that is no number', 'HTTP/1.1 200 OK\r\ncontent-length: 1x\r\n\r\na'],
  ['a folded header', 'HTTP/1.1 200 OK\r\nx-a: 1\r\n b\r\ncontent-length: 0\r\n\r\n'],
  ['a space before a colon', 'HTTP/1.1 200 OK\r\nx-a : 1\r\ncontent-length: 0\r\n\r\n'],
  ['a switch of protocols', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n'],
]

test.each(BROKEN)('takes an answer with %s for broken', async (_name, bytes) => {
  const { url } = await startScript((_request, socket) => socket.end(bytes))
  const call = post(open(url))
  await expect(whole(call)).rejects.toMatchObject({ name: 'UpstreamError', kind: 'broken' })
})

const CUT: [string, string][] = [
  ['before the head', ''],
  ['in the head', 'HTTP/1.1 200 OK\r\nx-a'],
  ['in the body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'],
  ['in a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab'],
  ['before the last chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n'],
  ['by a chunk without a size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\nab\r\n'],
]

test.each(SCHEMES.flatMap((scheme) => CUT.map((answer) => [scheme, ...answer] as const)))(
  'over %s: says that an answer broke off %s',
  async (scheme, _where, bytes) => {
    const { url, requests } = await startScript((_request, socket) => socket.end(bytes), scheme)
    await expect(whole(post(open(url)))).rejects.toMatchObject({ name: 'UpstreamError', kind: 'broken' })
    expect(requests).toHaveLength(1) // what broke a new connection is not sent again
  },
)

test('gives out what arrived before the answer broke off', async () => {
  const { url } = await startScript((_request, socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'))
  const call = post(open(url))
  await call.head()
  const piece = await call.read()
  expect(piece?.toString()).toBe('abc')
  await expect(readAll(call)).rejects.toMatchObject({ kind: 'broken' })
})

test.each(SCHEMES)('over %s: repeats a call once when a kept connection turns out to be closed', async (scheme) => {
  const { url, requests, sockets } = await startScript((_request, socket, index) => {
    if (index === 1) socket.destroy()
    else socket.write(OK)
  }, scheme)
  const client = open(url)
  await whole(post(client, '"first"'))
  expect((await whole(post(client, '"second"'))).body).toBe('ok')
  expect(requests.map((request) => request.slice(request.lastIndexOf('\n') + 1))).toEqual([
    '"first"',
    '"second"',
    '"second"',
  ])
  expect(sockets).toHaveLength(2)
})

test.each(SCHEMES)('over %s: does not repeat a call a second time', async (scheme) => {
  const { url, requests } = await startScript((_request, socket, index) => {
    if (index === 0) socket.write(OK)
    else socket.destroy()
  }, scheme)
  const client = open(url)
  await whole(post(client))
  await expect(whole(post(client))).rejects.toMatchObject({ kind: 'broken' })
  expect(requests).toHaveLength(3)
})

test('repeats a call also when the server closed the kept connection in order', async () => {
  const { url, requests } = await startScript((_request, socket, index) => {
    if (index === 1) socket.end()
    else socket.write(OK)
  })
  const client = open(url)
  await whole(post(client))
  expect((await whole(post(client))).body).toBe('ok')
  expect(requests).toHaveLength(3)
})

test.each(SCHEMES)('over %s: says that nothing listens', async (scheme) => {
  const { url } = await startScript(() => undefined, scheme)
  url.port = '1'
  await expect(post(open(url)).head()).rejects.toMatchObject({ kind: 'unreachable' })
})

test.each(SCHEMES)('over %s: gives the reason of an abort and closes the connection', async (scheme) => {
  const { url, sockets } = await startScript(
    (_request, socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'),
    scheme,
  )
  const call = post(open(url))
  await call.head()
  const reason = new Error('the client left')
  call.abort(reason)
  expect(() => call.read()).toThrow(reason)
  await eventually(() => sockets[0]?.destroyed).toBe(true)
})

test.each(SCHEMES)('over %s: ends a call that is aborted before its head has arrived', async (scheme) => {
  const { url, sockets, requests } = await startScript(() => undefined, scheme)
  const call = post(open(url))
  const head = call.head()
  await eventually(() => requests.length).toBe(1)
  const reason = new Error('enough')
  call.abort(reason)
  await expect(head).rejects.toBe(reason)
  await eventually(() => sockets[0]?.destroyed).toBe(true)
})

test.each(SCHEMES)('over %s: makes further calls wait for a connection', async (scheme) => {
  const { url, requests, sockets } = await startScript((_request, socket, index) => {
    if (index > 0) socket.write(OK)
  }, scheme)
  const client = open(url, { maxConnections: 1 })
  const first = post(client, '1')
  const second = post(client, '2')
  const third = post(client, '3')
  await eventually(() => requests.length).toBe(1)
  second.abort(new Error('left'))
  sockets[0]?.write(OK)
  expect((await whole(first)).body).toBe('ok')
  expect((await whole(third)).body).toBe('ok')
  expect(requests).toHaveLength(2)
  expect(sockets).toHaveLength(1)
})

test('does not make a question after health wait behind calls', async () => {
  const { url } = await startScript((request, socket) => {
    if (request.startsWith('GET')) socket.write(OK)
  })
  const client = open(url, { maxConnections: 1 })
  const busy = post(client).head()
  expect((await whole(client.start({ method: 'GET', path: '/health', headers: {}, body: [] }))).body).toBe('ok')
  const failed = expect(busy).rejects.toMatchObject({ kind: 'stopped' })
  await client.close()
  await failed
})

test.each(SCHEMES)('over %s: reads no further ahead than a small buffer', async (scheme) => {
  const total = 64 * 1024 * 1024
  const { url, sockets } = await startScript((_request, socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`)
    socket.write(Buffer.alloc(total))
  }, scheme)
  const call = post(open(url))
  await call.head()
  await eventually(() => isStill(sockets[0])).toBe(true)
  expect(sockets[0]?.writableLength).toBeGreaterThan(0)
  let received = 0
  for (let piece = await call.read(); piece !== undefined; piece = await call.read()) received += piece.length
  expect(received).toBe(total)
})

/** Nothing went out between two looks at a socket. */
const seen = new WeakMap<Socket, number>()
function isStill(socket: Socket | undefined): boolean {
  if (socket === undefined) return false
  const handle: unknown = Reflect.get(socket, '_handle')
  const queued = typeof handle === 'object' && handle !== null ? Number(Reflect.get(handle, 'writeQueueSize')) : 0
  const before = seen.get(socket)
  seen.set(socket, queued)
  return before === queued && queued > 0
}

test('does not use a connection for longer than the server keeps it', async () => {
  let nowMs = 0
  const hint = 'HTTP/1.1 200 OK\r\nkeep-alive: timeout=5\r\ncontent-length: 2\r\n\r\nok'
  const { url, sockets } = await startScript((_request, socket) => socket.write(hint))
  const client = open(url, {}, () => nowMs)
  await whole(post(client))
  nowMs = 3_900
  await whole(post(client))
  expect(sockets).toHaveLength(1)
  nowMs = 7_950
  await whole(post(client))
  expect(sockets).toHaveLength(2)
})

test('closes a connection on which something arrives that nobody asked for', async () => {
  const { url, sockets } = await startScript((_request, socket) => socket.write(`${OK}HTTP/1.1 200 OK\r\n`))
  const client = open(url)
  expect((await whole(post(client))).body).toBe('ok')
  await eventually(() => sockets[0]?.destroyed).toBe(true)
  expect((await whole(post(client))).body).toBe('ok')
  expect(sockets).toHaveLength(2)
})

/** Between a timer and the end of the turn connections are read, and calls that begin are not sent yet. */
const afterTimer = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1))

test.each<[string, (socket: Socket | undefined) => void]>([
  ['said something', (socket) => socket?.write('HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n')],
  ['closed the connection', (socket) => socket?.end()],
  ['reset the connection', (socket) => socket?.resetAndDestroy()],
])('answers a call from a new connection when the server %s before it was sent', async (_what, act) => {
  const { url, requests, sockets } = await startScript((_request, socket) => socket.write(OK))
  const client = open(url)
  await whole(post(client))
  await afterTimer()
  act(sockets[0])
  expect((await whole(post(client))).status).toBe(200)
  expect(sockets).toHaveLength(2)
  expect(requests).toHaveLength(2)
})

test('does not send a call that is aborted at once', async () => {
  const { url, requests, sockets } = await startScript((_request, socket) => socket.write(OK))
  const client = open(url)
  await whole(post(client))
  const call = post(client, '"unwanted"')
  call.abort(new Error('the client left'))
  expect((await whole(post(client, '"next"'))).body).toBe('ok')
  await eventually(() => sockets[0]?.destroyed).toBe(true)
  expect(requests.join('')).not.toContain('unwanted')
})

test('refuses to send a header that would be two', () => {
  const client = open(new URL('http://127.0.0.1:1'))
  const headers = { 'x-a': '1\r\nx-b: 2' }
  expect(() => client.start({ method: 'GET', path: '/', headers, body: [] })).toThrow(TypeError)
})

test.each(SCHEMES)('over %s: breaks off what is under way when it is closed', async (scheme) => {
  const { url, requests } = await startScript(() => undefined, scheme)
  const client = open(url)
  const head = post(client).head()
  const failed = expect(head).rejects.toMatchObject({ name: 'UpstreamError', kind: 'stopped' })
  await eventually(() => requests.length).toBe(1)
  await client.close()
  await failed
})
