import { once } from 'node:events'
import { connect as connectPlainly } from 'node:net'
import type { Socket } from 'node:net'
import { connect } from 'node:tls'
import { expect, test } from 'vitest'
import { ADMIN_TOKEN, startTestServer } from './testing/test-server.ts'
import type { TestServer } from './testing/test-server.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'

/** A connection that has sent the beginning of a request, and whose events are counted. */
interface RawClient {
  readonly socket: Socket
  lines(count: number): Promise<unknown>
}

function sendHalf({ server }: TestServer, bytes: string): RawClient {
  const socket = connect({ host: '127.0.0.1', port: server.port, ca: server.caPem })
  const seen = { lines: 0, tail: '' }
  socket.on('data', (chunk: Buffer) => {
    const parts = `${seen.tail}${chunk.toString('latin1')}`.split('"type":')
    seen.lines += parts.length - 1
    seen.tail = parts.at(-1)?.slice(-6) ?? '' // the words may come in two pieces
  })
  socket.on('error', () => undefined)
  socket.write(bytes)
  return {
    socket,
    lines: async (count) => {
      while (seen.lines < count) await once(socket, 'data')
    },
  }
}

const HEADERS = `host: localhost\r\nauthorization: Bearer ${ADMIN_TOKEN}\r\n`
const WATCH = `GET ${MAPS}?watch=true&resourceVersion=0 HTTP/1.1\r\n${HEADERS}\r\n`

/** Patience for a machine with much else to do, not a measurement. */
const DEADLINE = { timeout: 120_000 }

test('every one of many watches is told, while others are served', DEADLINE, async () => {
  await using api = await startTestServer()
  await api.ask('POST', MAPS, { body: { metadata: { name: 'first' } } })
  const watches = Array.from({ length: 300 }, () => sendHalf(api, WATCH))
  await Promise.all(watches.map((watch) => watch.lines(1)))
  const told = Promise.all(watches.map((watch) => watch.lines(2)))
  await api.ask('POST', MAPS, { body: { metadata: { name: 'second' } } })
  expect((await api.ask('GET', '/api/v1/namespaces')).status).toBe(200)
  await told
  for (const { socket } of watches) socket.destroy()
})

test('clients that stop reading do not keep an event from the others', DEADLINE, async () => {
  await using api = await startTestServer()
  await api.ask('POST', MAPS, { body: { metadata: { name: 'large' } } })
  const stalled = Array.from({ length: 20 }, () => sendHalf(api, WATCH))
  const reading = sendHalf(api, WATCH)
  await Promise.all([reading, ...stalled].map((watch) => watch.lines(1)))
  const cut = stalled.map(({ socket }) => new Promise((resolve) => socket.once('close', resolve)))
  for (const { socket } of stalled) socket.pause()
  const block = 'x'.repeat(1_000_000)
  for (let round = 0; round < 40; round++) {
    const body = { metadata: { name: 'large' }, data: { block: `${round}${block}` } }
    expect((await api.ask('PUT', `${MAPS}/large`, { body })).status).toBe(200)
    await reading.lines(round + 2) // or it would be too far behind, too
  }
  for (const { socket } of stalled) socket.resume()
  await Promise.all(cut)
  reading.socket.destroy()
})

test(
  'connections that are opened and left, and requests that never end, do not keep others from being served',
  DEADLINE,
  async () => {
    await using api = await startTestServer()
    const silent = Array.from({ length: 1_000 }, () => connectPlainly(api.server.port, '127.0.0.1'))
    await Promise.all(silent.map((socket) => once(socket, 'connect')))
    const unfinished = [
      'GET /api',
      `GET /version HTTP/1.1\r\nhost: `,
      `POST ${MAPS} HTTP/1.1\r\n${HEADERS}content-type: application/json\r\ncontent-length: 100\r\n\r\n{`,
      `POST ${MAPS} HTTP/1.1\r\n${HEADERS}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{`,
    ].map((bytes) => sendHalf(api, bytes))
    await Promise.all(unfinished.map(({ socket }) => once(socket, 'secureConnect')))
    expect((await api.ask('POST', MAPS, { body: { metadata: { name: 'served' } } })).status).toBe(201)
    for (const socket of [...silent, ...unfinished.map(({ socket }) => socket)]) socket.destroy()
  },
)
