import { once } from 'node:events'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { ConnectionCount } from './connection-count.ts'
import { FastPath } from './fast-path.ts'
import type { Listener, ListenerOptions } from './listener.ts'
import { createNodeServer } from './node-server.ts'

/** Which of the two ways requests may take. */
export type Transport =
  /** Plain requests are read by our own parser, all others by `node:http`. */
  | 'fast'
  /** Everything is read by `node:http`. */
  | 'node'

/**
 * Opens a port for requests.
 *
 * @throws the system's error when it cannot listen, for example `EADDRINUSE`
 */
export async function startListener(options: ListenerOptions, transport: Transport = 'fast'): Promise<Listener> {
  let isStopping = false
  const server = createNodeServer(options, () => isStopping)
  const fastPath = putBefore(server, options, transport)
  const closed = Promise.withResolvers<void>()
  server.once('close', closed.resolve)
  server.listen(options.port, options.host)
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    stopAccepting: () => {
      isStopping = true
      server.close() // and with it the idle connections
      fastPath?.stop()
    },
    closed: () => closed.promise,
    destroy: () => {
      server.closeAllConnections()
      fastPath?.destroy()
    },
  }
}

/** Has each new connection admitted, and read by our own parser first. */
function putBefore(server: Server, options: ListenerOptions, transport: Transport): FastPath | undefined {
  const count = new ConnectionCount(options.config.maxConnectionsPerIp)
  const [onConnection] = server.listeners('connection')
  if (onConnection === undefined) throw new Error('node:http does not listen for connections')
  const takeOver = (socket: Socket): void => {
    Reflect.apply(onConnection, server, [socket])
  }
  const fastPath = transport === 'fast' ? new FastPath(options, takeOver) : undefined
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    if (!count.admit(socket)) {
      options.onRefused('too_many_connections')
      socket.destroy()
    } else if (fastPath === undefined) takeOver(socket)
    else fastPath.accept(socket)
  })
  return fastPath
}
