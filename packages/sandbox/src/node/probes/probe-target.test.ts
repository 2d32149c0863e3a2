import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { execCommand } from '../process/exec-command.ts'
import type { ProbeResult } from './probe-count.ts'
import { runProbe } from './probe-target.ts'

const server = createServer((request, response) => {
  if (request.url === '/hang') return undefined
  if (request.url === '/headers' && (request.headers['x-mine'] !== 'yes' || request.headers.host !== 'web')) {
    response.statusCode = 400
    return response.end()
  }
  response.statusCode = request.url === '/headers' ? 200 : Number(request.url?.slice(1))
  return response.end(request.headers.host)
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

test('a probe sends its own headers, in place of those that every probe has', async () => {
  const httpHeaders = [
    { name: 'X-Mine', value: 'yes' },
    { name: 'Host', value: 'web' },
  ]
  const probe = { httpGet: { path: '/headers', port: 8000, httpHeaders } }
  expect(await runProbe(probe, container, sockets)).toEqual({ ok: true })
})

test('a command decides by its exit code, says why, and knows the variables that the container sets itself', async () => {
  const place = { env: { PATH: process.env['PATH'] ?? '' }, cwd: tmpdir() }
  const here = {
    ...sockets,
    exec: (command: readonly string[], signal: AbortSignal) => execCommand(command, place, signal),
  }
  const probe = (script: string, timeoutSeconds = 30): Promise<ProbeResult> =>
    runProbe(
      { exec: { command: ['sh', '-c', script] }, timeoutSeconds },
      { name: 'main', env: [{ name: 'X', value: '3' }] },
      here,
    )
  expect(await probe('exit 0')).toEqual({ ok: true })
  expect(await probe('echo not well $(X); exit 1')).toEqual({ ok: false, message: 'not well 3\n' })
  expect(await probe('sleep 1000', 0.05)).toEqual({
    ok: false,
    message: 'command timed out: "sh -c sleep 1000" timed out after 0.05s',
  })
})

test('a command that a program of ours does not have is passed over', async () => {
  expect(await runProbe({ exec: { command: ['/opt/nim/check'] } }, container, sockets)).toEqual({ ok: true })
})
