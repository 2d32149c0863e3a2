import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { describeForLog, GatewayError, renderEnvelope, toGatewayError } from './errors.ts'
import { Connections } from './exchange/connections.ts'
import { NodeExchange } from './exchange/node-exchange.ts'
import type { Call, CallRecord, Services } from './routes/call.ts'
import { findRoute, OPEN_ROUTES, type Route } from './routes/table.ts'

/** Limits of the HTTP server. Node's defaults suit neither load balancers nor long streams, so each is stated. */
const SERVER_LIMITS = {
  maxHeaderSize: 16 * 1024,
  /** Time for a whole head. */
  headersTimeout: 30_000,
  /** Time for a whole request, body included. Answers are not bound by it. */
  requestTimeout: 300_000,
  /** Longer than the idle time of the load balancer in front (60 s by default), so that it is the one that closes. */
  keepAliveTimeout: 75_000,
  insecureHTTPParser: false,
  requireHostHeader: true,
  noDelay: true,
} as const

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** The HTTP server of a gateway, not yet listening. */
export function createGatewayServer(services: Services, isDraining: () => boolean): Server {
  const server = createServer(SERVER_LIMITS)
  const connections = new Connections()
  const { clientStallMs } = services.config.server
  const on = (expectsContinue: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    const exchange = new NodeExchange(request, response, { clientStallMs, expectsContinue, isDraining })
    const record: CallRecord = { startedMs: performance.now(), route: 'other' }
    const { socket } = request
    connections.begin(socket, exchange)
    response.once('close', () => {
      connections.end(socket, exchange)
      finish({ exchange, services, record })
      // The head of this answer may have been sent before the gateway began to stop, and promised another call.
      if (isDraining() && connections.isIdle(socket)) socket.destroySoon()
    })
    services.metrics.inFlight.inc()
    // `handle` catches everything; what escapes it is a bug and ends the process.
    void handle({ exchange, services, record })
  }
  server.on('request', on(false))
  // Authenticate first: a client that asks before it sends its body is only told to go on by reading it.
  server.on('checkContinue', on(true))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (connections.isAnswering(socket)) socket.destroy()
    else refuseMalformed(error, socket)
  })
  // Streams may be silent for long; the relay has its own clocks.
  server.timeout = 0
  return server
}

async function handle(call: Call): Promise<void> {
  const { exchange, record } = call
  try {
    const route = findRoute(exchange.method, exchange.path)
    record.route = route.path
    await answer(route, call)
  } catch (thrown) {
    refuse(call, thrown)
  }
}

async function answer(route: Route, call: Call): Promise<void> {
  if (route.access === 'open') return route.answer(call)
  const caller = call.services.keyring.authenticate(call.exchange.headers)
  call.record.keyId = caller.keyId
  return route.answer({ ...call, caller })
}

function refuse({ exchange, record, services }: Call, thrown: unknown): void {
  const error = toGatewayError(thrown)
  record.error = describeForLog(error)
  if (error.code === 'internal_error')
    services.log.error({ err: thrown, request_id: exchange.requestId }, 'unexpected failure')
  if (exchange.sent.status !== 0 || exchange.clientGone.aborted) exchange.cut()
  else exchange.respond(error.status, { 'content-type': 'application/json', ...error.headers }, renderEnvelope(error))
}

/** Counts and logs a call once, whatever became of it. */
function finish({ exchange, record, services }: Call): void {
  const { metrics, log } = services
  const left = exchange.clientGone.aborted
  const status = left ? 499 : exchange.sent.status
  const method = METHODS.has(exchange.method) ? exchange.method : 'other'
  const durationMs = performance.now() - record.startedMs
  metrics.inFlight.dec()
  metrics.requests.inc({ method, path: record.route, status })
  metrics.requestLatency.observe({ method, path: record.route }, durationMs / 1000)
  if (left) metrics.clientAborts.inc()
  // Probes and scrapes come every few seconds for ever; they are worth a line only when they fail.
  const level = OPEN_ROUTES.has(record.route) && status < 400 ? 'debug' : 'info'
  log[level]({
    event: 'request',
    request_id: exchange.requestId,
    method,
    path: exchange.path.slice(0, 256),
    status,
    duration_ms: round(durationMs),
    bytes: exchange.sent.bodyBytes,
    key_id: record.keyId,
    model: record.model?.slice(0, 128),
    stream: record.stream,
    upstream: record.upstream,
    first_byte_ms: record.firstByteMs === undefined ? undefined : round(record.firstByteMs),
    error: record.error,
  })
}

/** Answers what never became a request. The parser's own words are not repeated: they quote the client. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const refusal = malformed(error.code)
  const body = renderEnvelope(refusal)
  const head = `HTTP/1.1 ${refusal.status} Refused\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}`
  socket.end(`${head}\r\nconnection: close\r\n\r\n${body}`, () => socket.destroy())
}

function malformed(code: string | undefined): GatewayError {
  if (code === 'HPE_HEADER_OVERFLOW') return new GatewayError('headers_too_large', 'The request headers are too large.')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new GatewayError('request_timeout', 'The request did not arrive in time.')
  return new GatewayError('bad_request', 'The request is not valid HTTP.')
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10
}
