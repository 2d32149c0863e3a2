import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { connect } from 'node:tls'
import { SecretText } from '@nexus/core'
import { expect, test } from 'vitest'
import { startKubeletServer } from './kubelet-server.ts'

async function statusLine(port: number, ...head: readonly string[]): Promise<string | undefined> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  socket.write(`${[...head, 'host: localhost'].join('\r\n')}\r\n\r\n`)
  socket.end()
  return (await text(socket)).split('\r\n')[0]
}

test('whatever is asked for, it is answered and the next one, too', async () => {
  const server = await startKubeletServer({ findPod: () => undefined })
  try {
    // No URL can be made of two slashes.
    expect(await statusLine(server.port, 'GET // HTTP/1.1')).toBe('HTTP/1.1 404 Not Found')
    expect(await statusLine(server.port, 'GET /containerLogs/a/b/c HTTP/1.1')).toBe('HTTP/1.1 404 Not Found')
    expect(await statusLine(server.port, 'POST /healthz HTTP/1.1')).toBe('HTTP/1.1 404 Not Found')
    expect(await statusLine(server.port, 'GET /healthz HTTP/1.1')).toBe('HTTP/1.1 200 OK')
  } finally {
    await server.close()
  }
})

test('a node that knows its API server answers nobody else', async () => {
  const server = await startKubeletServer({ findPod: () => undefined, token: new SecretText('of-the-api-server') })
  const forward = ['POST /portForward/a/b HTTP/1.1', 'connection: Upgrade', 'upgrade: SPDY/3.1']
  const mine = 'authorization: Bearer of-the-api-server'
  try {
    for (const request of [['GET /containerLogs/a/b/c HTTP/1.1'], ['GET /healthz HTTP/1.1'], forward]) {
      expect(await statusLine(server.port, ...request)).toBe('HTTP/1.1 401 Unauthorized')
      expect(await statusLine(server.port, ...request, 'authorization: Bearer other')).toBe('HTTP/1.1 401 Unauthorized')
    }
    expect(await statusLine(server.port, 'GET /healthz HTTP/1.1', mine)).toBe('HTTP/1.1 200 OK')
    expect(await statusLine(server.port, ...forward, mine)).toBe('HTTP/1.1 404 Not Found')
  } finally {
    await server.close()
  }
})
