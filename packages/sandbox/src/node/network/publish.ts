import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { route } from './address-map.ts'
import type { AddressMap } from './address-map.ts'
import { boundPort } from './loopback-port.ts'

/** A port of a Service. */
export interface PublishedService {
  readonly namespace: string
  readonly service: string
  readonly port: number
}

export interface Publication {
  /** The loopback port. */
  readonly port: number
  close(): Promise<void>
}

/**
 * Opens loopback port `listenPort` (0: any) and forwards each connection to a ready endpoint of the Service. Where there is
 * none the connection is closed at once.
 *
 * @throws the system's error with `code: 'EADDRINUSE'` where the port is taken
 */
export async function publishService(
  readMap: () => AddressMap,
  target: PublishedService,
  listenPort: number,
): Promise<Publication> {
  const open = new Set<Socket>()
  let turn = 0
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const answer = route(readMap(), { host: target.service, port: target.port }, target.namespace)
    const port = answer.type === 'sockets' ? answer.ports[turn++ % answer.ports.length] : undefined
    if (port === undefined) {
      client.destroy()
      return
    }
    forward(client, connect({ host: '127.0.0.1', port, allowHalfOpen: true }), open)
  })
  server.listen(listenPort, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: boundPort(server),
    async close() {
      server.close()
      for (const socket of open) socket.destroy()
      await once(server, 'close')
    },
  }
}

/** Bytes both ways; what breaks on one side breaks on the other, so that a client that hangs up is noticed. */
function forward(client: Socket, upstream: Socket, open: Set<Socket>): void {
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    open.add(from)
    from.setNoDelay(true)
    from.pipe(to)
    from.on('error', () => to.destroy())
    from.on('close', () => {
      open.delete(from)
      to.destroy()
    })
  }
}
