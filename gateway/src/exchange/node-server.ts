import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { ServerConfig } from '../config/schema.ts'
import { Connections } from './connections.ts'
import type { ListenerOptions } from './listener.ts'
import { describeMalformed, refuseConnection } from './malformed.ts'
import { NodeExchange } from './node-exchange.ts'

/** A `node:http` server, not yet listening, whose requests become exchanges. */
export function createNodeServer(options: ListenerOptions, isStopping: () => boolean): Server {
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
