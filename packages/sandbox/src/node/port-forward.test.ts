import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import { eventually } from '@nexus/kube/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { boundPort, freeLoopbackPort } from './network/loopback-port.ts'
import { forwardPorts } from './port-forward.ts'
import { SpdyConnection } from './spdy/connection.ts'
import type { SpdyStream } from './spdy/connection.ts'

/** The program in the pod: it sends back what it gets, and ends when the other side does. */
const echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket))
const echoSockets = new Set<Socket>()
/** Accepts what stands for API server, and forwards to the pod: port 8000 echoes, 8001 is refused by the machine. */
let kubelet: Server
let client: SpdyConnection
let socket: Socket
let nobody = 0
let ended: Promise<void>

beforeAll(async () => {
  echo.on('connection', (incoming: Socket) => {
    echoSockets.add(incoming)
    incoming.on('error', () => {})
    incoming.once('close', () => echoSockets.delete(incoming))
  })
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  nobody = await freeLoopbackPort()
  const ports = new Map([
    [8000, boundPort(echo)],
    [8001, nobody],
  ])
  kubelet = createServer((incoming) => {
    ended = forwardPorts(incoming, { pod: 'pod_ns', loopbackPort: (port) => ports.get(port) })
  })
  kubelet.listen(0, '127.0.0.1')
  await once(kubelet, 'listening')
  socket = connect(boundPort(kubelet), '127.0.0.1')
  client = new SpdyConnection(socket, { client: true, onStream: () => false })
})
afterAll(() => {
  socket.destroy()
  kubelet.close()
  echo.close()
})

let requests = 0
/** One connection through the port forward, as kubectl opens it. */
function open(port: number): { error: SpdyStream; data: SpdyStream } {
  const common = [
    ['port', String(port)],
    ['requestid', String(requests++)],
  ] as const
  const error = client.open(new Map([...common, ['streamtype', 'error']]))
  error.end()
  return { error, data: client.open(new Map([...common, ['streamtype', 'data']])) }
}

test('bytes go to the program and back, and both ends are told', async () => {
  const { error, data } = open(8000)
  data.end('hello')
  expect(await Promise.all([text(data), text(error)])).toEqual(['hello', ''])
})

test.each([
  [81, 'a port that no container has'],
  [8001, 'a port whose program is gone'],
])('port %i, %s, is refused with a sentence', async (port) => {
  const { error, data } = open(port)
  data.end('whatever is sent is for nobody')
  const sentence = `error forwarding port ${port} to pod pod_ns, uid : failed to connect to localhost:${port} inside the pod`
  expect(await Promise.all([text(data), text(error)])).toEqual(['', `${sentence}: connection refused`])
})

test.each([
  ['no port', { requestid: 'x1', streamtype: 'data' }],
  ['a port out of range', { requestid: 'x2', streamtype: 'data', port: '70000' }],
  ['no request', { streamtype: 'data', port: '8000' }],
  ['another type', { requestid: 'x3', streamtype: 'stdin', port: '8000' }],
])('a stream with %s is refused alone', async (_name, headers) => {
  const stream = client.open(new Map(Object.entries(headers)))
  await once(stream, 'close')
  const { data } = open(8000)
  data.end('still here')
  expect(await text(data)).toBe('still here')
})

test('megabytes arrive as they were sent, over several connections at once', async () => {
  const sizes = [1, 70_000, 3_000_000, 5_000_000]
  const received = await Promise.all(
    sizes.map(async (size) => {
      const { data } = open(8000)
      data.end(Buffer.alloc(size, size % 251))
      return buffer(data)
    }),
  )
  for (const [index, size] of sizes.entries()) {
    expect(received[index]?.equals(Buffer.alloc(size, size % 251))).toBe(true)
  }
})

test('a thousand connections leave nothing behind', async () => {
  const before = client.size
  for (let round = 0; round < 10; round++) {
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const { error, data } = open(8000)
        data.write('x')
        error.resume()
        if (index % 2 === 0) {
          data.destroy()
          error.destroy()
          return
        }
        data.end()
        expect(await text(data)).toBe('x')
      }),
    )
  }
  await eventually(() => expect([client.size, echoSockets.size]).toEqual([before, 0]))
})

test('a client that hangs up takes its connections along', async () => {
  const { data } = open(8000)
  data.write('open')
  await once(data, 'data')
  expect(echoSockets.size).toBe(1)
  socket.destroy()
  await ended
  await eventually(() => expect(echoSockets.size).toBe(0))
})
