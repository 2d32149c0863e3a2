import { Agent, buildConnector, request as sendRequest } from 'undici'
import { messageOf } from '../errors.ts'
import { UpstreamError, type UpstreamClient, type UpstreamRequest, type UpstreamResponse } from './upstream-client.ts'

/**
 * Idle upstream connections are dropped before the servers behind drop them (uvicorn: 5 s): a request sent on a
 * connection that is just being closed would fail.
 */
const KEEP_ALIVE_MS = 3_000

const CONNECT_FAILURES = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
])

/** What sends: connections that are kept for the next call, and new ones for a call that a kept one failed. */
interface Senders {
  readonly keeping: Agent
  readonly fresh: Agent
  /** The errors that broke a connection which had answered an earlier call. */
  readonly wornOut: WeakSet<Error>
}

/** An {@link UpstreamClient} for http and https over undici. */
export function createUndiciClient(options: { readonly connectMs: number }): UpstreamClient {
  const wornOut = new WeakSet<Error>()
  const keeping = createAgent(connectAndNote(options.connectMs, wornOut), 1)
  const fresh = createAgent(buildConnector({ timeout: options.connectMs, allowH2: false }), 0)
  return {
    send: (request) => send({ keeping, fresh, wornOut }, request),
    close: async () => {
      await Promise.all([keeping.destroy(), fresh.destroy()])
    },
  }
}

/** @param pipelining calls at a time on one connection; 0 closes it after the first */
function createAgent(connect: buildConnector.connector, pipelining: 0 | 1): Agent {
  return new Agent({
    connect,
    keepAliveTimeout: KEEP_ALIVE_MS,
    pipelining,
    allowH2: false,
    // The relay watches over silence itself: it knows a stream's first token from its next ones.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
}

/** Connects, and notes the errors of connections that had received something before they broke. */
function connectAndNote(connectMs: number, wornOut: WeakSet<Error>): buildConnector.connector {
  const connect = buildConnector({ timeout: connectMs, allowH2: false })
  return (options, callback) => {
    connect(options, (...result) => {
      const [, socket] = result
      const atFirst = socket?.bytesRead ?? 0 // a TLS handshake is no answer
      socket?.once('error', (error: Error) => {
        if (socket.bytesRead > atFirst) wornOut.add(error)
      })
      callback(...result)
    })
  }
}

/**
 * A server may close a kept connection at the moment at which the next call is sent on it, above all one that is being
 * replaced. Such a call is repeated once, on a new connection. One that breaks a new connection is not: it may be what
 * broke the server.
 */
async function send({ keeping, fresh, wornOut }: Senders, request: UpstreamRequest): Promise<UpstreamResponse> {
  try {
    return await post(keeping, request)
  } catch (error) {
    const isWornOut = error instanceof Error && wornOut.has(error)
    if (!isWornOut || request.signal.aborted) throw explain(error, request.signal)
  }
  try {
    return await post(fresh, request)
  } catch (error) {
    throw explain(error, request.signal)
  }
}

async function post(agent: Agent, { url, headers, body, signal }: UpstreamRequest): Promise<UpstreamResponse> {
  const response = await sendRequest(url, { dispatcher: agent, method: 'POST', headers, body, signal })
  return { status: response.statusCode, headers: response.headers, body: readBody(response.body, signal) }
}

async function* readBody(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  try {
    yield* body
  } catch (error) {
    throw explain(error, signal)
  }
}

function explain(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  const unreachable = codesOf(error).some((code) => CONNECT_FAILURES.has(code))
  return new UpstreamError(unreachable ? 'unreachable' : 'broken', messageOf(error), { cause: error })
}

/** The codes of an error and, where several addresses were tried, of each attempt. */
function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  const own = 'code' in error && typeof error.code === 'string' ? [error.code] : []
  return error instanceof AggregateError ? [...own, ...error.errors.flatMap(codesOf)] : own
}
