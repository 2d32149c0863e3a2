import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { eventually } from '@nexus/kube/testing'
import { afterEach, expect, test } from 'vitest'
import { boundPort } from '../network/loopback-port.ts'
import { SpdyConnection } from './connection.ts'
import type { SpdyStream } from './connection.ts'
import { openFrame } from './frame.ts'
import { HeaderWriter } from './header-block.ts'

const closing: (() => unknown)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

interface Ends {
  readonly client: SpdyConnection
  readonly server: SpdyConnection
  /** The client's socket. */
  readonly socket: Socket
}

async function connected(onStream: (stream: SpdyStream) => boolean): Promise<Ends> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const accepted = new Promise<Socket>((resolve) => listener.once('connection', resolve))
  const socket = connect(boundPort(listener), '127.0.0.1')
  const other = await accepted
  closing.push(
    () => socket.destroy(),
    () => listener.close(),
  )
  const client = new SpdyConnection(socket, { client: true, onStream: () => false })
  return { client, server: new SpdyConnection(other, { onStream }), socket }
}

function echo(stream: SpdyStream): boolean {
  stream.pipe(stream)
  return true
}

const NO_HEADERS = new Map<string, string>()

test('a stream carries headers, bytes both ways, and two ends', async () => {
  const seen: unknown[] = []
  const { client, server } = await connected((stream) => {
    seen.push(Object.fromEntries(stream.headers))
    return echo(stream)
  })
  const stream = client.open(new Map([['port', '80']]))
  stream.write('one ')
  stream.end('two')
  expect(await text(stream)).toBe('one two')
  expect(seen).toEqual([{ port: '80' }])
  await eventually(() => expect([client.size, server.size]).toEqual([0, 0]))
})

test('the other side can say more after this one has ended', async () => {
  const { client } = await connected((stream) => {
    let heard = ''
    stream.on('data', (bytes: Buffer) => (heard += bytes.toString()))
    stream.once('end', () => stream.end(`heard ${heard}`))
    return true
  })
  const stream = client.open(NO_HEADERS)
  stream.end('all')
  expect(await text(stream)).toBe('heard all')
})

test('a stream that is given up is given up on the other side', async () => {
  const streams: SpdyStream[] = []
  const { client, server } = await connected((stream) => streams.push(stream) > 0)
  const stream = client.open(NO_HEADERS)
  await eventually(() => expect(streams).toHaveLength(1))
  const closed = streams[0] && once(streams[0], 'close')
  stream.destroy()
  await closed
  expect(server.size).toBe(0)
})

test('a refused stream is reset, and the others go on', async () => {
  const { client } = await connected((stream) => stream.headers.has('good') && echo(stream))
  const refused = client.open(NO_HEADERS)
  await once(refused, 'close')
  const good = client.open(new Map([['good', 'yes']]))
  good.end('hello')
  expect(await text(good)).toBe('hello')
})

test('what a reader does not read stops the sender', async () => {
  const streams: SpdyStream[] = []
  const { client } = await connected((stream) => streams.push(stream) > 0)
  const sender = client.open(NO_HEADERS)
  const chunk = Buffer.alloc(64 * 1024)
  const total = 64 * 1024 * 1024
  let sent = 0
  const send = (): void => {
    while (sent < total) {
      sent += chunk.length
      if (!sender.write(chunk)) return
    }
  }
  sender.on('drain', send)
  send()
  await eventually(() => expect(streams).toHaveLength(1))
  // Until nothing has moved for a while: it cannot be told from outside that nothing will.
  let before = -1
  await eventually(async () => {
    const moved = sent !== before
    before = sent
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(moved).toBe(false)
  })
  expect(sent).toBeLessThan(total)
  const [reader] = streams
  let received = 0
  reader?.on('data', (bytes: Buffer) => (received += bytes.length))
  await eventually(() => expect(sent).toBe(total))
  sender.end()
  if (reader !== undefined) await once(reader, 'end')
  expect(received).toBeGreaterThanOrEqual(total)
})

test('bytes that are not SPDY end the connection and its streams', async () => {
  const { client, server, socket } = await connected(echo)
  const stream = client.open(NO_HEADERS)
  socket.write(Buffer.from('8002000100000000', 'hex'))
  await server.ended
  await once(stream, 'close')
  expect(client.size + server.size).toBe(0)
})

test('one connection has a few thousand streams at most', async () => {
  const { server, socket } = await connected(() => true)
  const headers = new HeaderWriter()
  for (let id = 1; id < 12_000; id += 2) socket.write(openFrame(id, headers.write(NO_HEADERS)))
  await eventually(() => expect(server.size).toBe(4096))
})
