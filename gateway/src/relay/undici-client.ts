import { Agent, request as sendRequest } from 'undici'
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

/** An {@link UpstreamClient} for http and https over undici. */
export function createUndiciClient(options: { readonly connectMs: number }): UpstreamClient {
  const agent = new Agent({
    connect: { timeout: options.connectMs },
    keepAliveTimeout: KEEP_ALIVE_MS,
    pipelining: 1,
    allowH2: false,
    // The relay watches over silence itself: it knows a stream's first token from its next ones.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  return {
    send: (request) => send(agent, request),
    close: () => agent.destroy(),
  }
}

async function send(agent: Agent, { url, headers, body, signal }: UpstreamRequest): Promise<UpstreamResponse> {
  try {
    const response = await sendRequest(url, { dispatcher: agent, method: 'POST', headers, body, signal })
    return { status: response.statusCode, headers: response.headers, body: readBody(response.body, signal) }
  } catch (error) {
    throw explain(error, signal)
  }
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
