import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runProbe } from './probe-target.ts'

const server = createServer((request, response) => {
  if (request.url === '/hang') return
  response.statusCode = Number(request.url?.slice(1))
  response.end(request.headers.host)
})
let loopbackPort = 0

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  loopbackPort = typeof address === 'object' && address !== null ? address.port : 0
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const container = { name: 'main', ports: [{ name: 'http', containerPort: 8000 }] }
const sockets = {
  podIP: '10.244.0.2',
  loopbackPort: (port: number) => ({ 8000: loopbackPort, 9000: 1 })[port],
  exec: () => Promise.resolve(undefined),
}

test.each([
  [{ httpGet: { path: '/200', port: 8000 } }],
  [{ httpGet: { path: '/302', port: 'http' } }],
  [{ tcpSocket: { port: 8000 } }],
  [{ exec: { command: ['true'] } }],
])('%j passes', async (probe) => {
  expect(await runProbe(probe, container, sockets)).toEqual({ ok: true })
})

test.each([
  [{ httpGet: { path: '/503', port: 8000 } }, 'HTTP probe failed with statuscode: 503'],
  [{ httpGet: { path: '/404', port: 8000 } }, 'HTTP probe failed with statuscode: 404'],
  [
    { httpGet: { path: '/x', port: 9000 } },
    'Get "http://10.244.0.2:9000/x": dial tcp 10.244.0.2:9000: connect: connection refused',
  ],
  [{ tcpSocket: { port: 9000 } }, 'dial tcp 10.244.0.2:9000: connect: connection refused'],
  [{ tcpSocket: { port: 7000 } }, 'dial tcp 10.244.0.2:7000: connect: connection refused'],
  [
    { httpGet: { path: '/hang', port: 8000 }, timeoutSeconds: 0.05 },
    'Get "http://10.244.0.2:8000/hang": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
  ],
])('%j fails in the words of the kubelet', async (probe, message) => {
  expect(await runProbe(probe, container, sockets)).toEqual({ ok: false, message })
})
