import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

interface HttpProxy {
  /** What `HTTP_PROXY` and `HTTPS_PROXY` are set to. */
  readonly url: string
  /** `host:port` of each request that came, whether or not it was let through. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

/**
 * A forward proxy on loopback, for clients that have to show that they use one: tunnels by CONNECT and requests with a whole
 * URL. `refuses` answers everything with 407, as a proxy without the right password does.
 */
export async function startHttpProxy({ refuses = false } = {}): Promise<HttpProxy> {
  const asked: string[] = []
  const open = new Set<Duplex>()
  const server = createServer((incoming, outgoing) => {
    asked.push(new URL(incoming.url ?? '/', 'http://proxy').host)
    if (refuses) outgoing.writeHead(407).end()
    else forward(incoming, outgoing)
  })
  server.on('connect', (incoming: IncomingMessage, client: Duplex) => {
    asked.push(incoming.url ?? '')
    open.add(client)
    client.on('error', () => client.destroy())
    if (refuses) client.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n')
    else open.add(tunnel(incoming.url ?? '', client))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    asked,
    async close() {
      server.close()
      server.closeAllConnections()
      for (const socket of open) socket.destroy()
      await once(server, 'close')
    },
  }
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, headers, url = '/' } = incoming
  const upstream = request(url, { method, headers, agent: false }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(outgoing)
  })
  upstream.on('error', () => outgoing.destroy())
  incoming.pipe(upstream)
}

function tunnel(target: string, client: Duplex): Socket {
  const { hostname, port } = new URL(`http://${target}`)
  const upstream = connect({ host: hostname, port: Number(port === '' ? 80 : port) }, () => {
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    client.pipe(upstream).pipe(client)
  })
  upstream.on('error', () => client.destroy())
  return upstream
}
