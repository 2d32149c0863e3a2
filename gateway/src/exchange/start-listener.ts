import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { ServerConfig } from '../config/schema.ts'
import { Connections } from './connections.ts'
import type { Listener, ListenerOptions } from './listener.ts'
import { describeMalformed, refuseConnection } from './malformed.ts'
import { NodeExchange } from './node-exchange.ts'

/**
 * Opens a port for requests.
 *
 * @throws the system's error when it cannot listen, for example `EADDRINUSE`
 */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  let isStopping = false
  const server = createNodeServer(options, () => isStopping)
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
    },
    closed: () => closed.promise,
    destroy: () => server.closeAllConnections(),
  }
}

function createNodeServer(options: ListenerOptions, isStopping: () => boolean): Server {
  const server = createServer(serverLimits(options.config))
  const connections = new Connections()
  const { clientStallMs, bodyTimeoutMs } = options.config
  const on = (expectsContinue: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    const limits = { clientStallMs, bodyTimeoutMs, expectsContinue, isStopping }
    const exchange = new NodeExchange(request, response, limits)
    const { socket } = request
    connections.begin(socket, exchange)
    response.once('close', () => {
      connections.end(socket, exchange)
      // The head of this answer may have been sent before the gateway began to stop, and promised another call.
      if (isStopping() && connections.isIdle(socket)) socket.destroySoon()
    })
    void options.handle(exchange)
  }
  server.on('request', on(false))
  // Authenticate first: a client that asks before it sends its body is only told to go on by reading it.
  server.on('checkContinue', on(true))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || connections.isAnswering(socket)) {
      socket.destroy()
      return
    }
    const refusal = describeMalformed(error.code)
    options.onRefused(refusal.code)
    refuseConnection(socket, refusal)
  })
  // Streams may be silent for long; the relay has its own clocks.
  server.timeout = 0
  return server
}

/** Node's defaults suit neither load balancers nor long streams, so each is stated. */
function serverLimits({ maxHeaderBytes, headersTimeoutMs, keepAliveMs }: ServerConfig) {
  return {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: headersTimeoutMs,
    requestTimeout: 0, // the exchange watches over bodies, so that a slow one gets an answer
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs),
    insecureHTTPParser: false,
    requireHostHeader: true,
    noDelay: true,
  }
}
