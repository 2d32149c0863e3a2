import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { connect } from 'node:tls'
import { expect, test } from 'vitest'
import { startKubeletServer } from './kubelet-server.ts'

async function statusLine(port: number, requestLine: string): Promise<string | undefined> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  socket.write(`${requestLine}\r\nhost: localhost\r\nconnection: close\r\n\r\n`)
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
