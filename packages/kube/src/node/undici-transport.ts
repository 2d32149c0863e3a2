import { messageOf, NexusError } from '@nexus/core'
import { Agent, buildConnector } from 'undici'
import type { Dispatcher } from 'undici'
import type { HttpAnswer, HttpRequest, HttpStream, Transport } from '../http/transport.ts'
import { TransportFailure } from '../http/transport.ts'
import type { TransportFailureKind } from '../http/transport.ts'
import type { ClusterAccess } from './cluster-access.ts'
import { authorizeBy } from './credentials.ts'
import type { Authorize } from './credentials.ts'

/** Limits of a transport, in milliseconds. */
export interface TransportTimeouts {
  /** TCP and TLS. Default 10 s. */
  readonly connectMs?: number | undefined
  /** A whole answer; for streams, the head of the answer or a whole refusal. Default 30 s. */
  readonly requestMs?: number | undefined
}

const CONNECT_MS = 10_000
const REQUEST_MS = 30_000

/** Connections for calls at the same time; more calls wait. Streams hold connections of their own and are not counted. */
const MAX_CALL_CONNECTIONS = 64

/** A transport of Node, over undici. `close` cuts what is still open. */
export type NodeTransport = Transport & { close(): Promise<void> }

/** Requests to the API server of `access`, over kept-alive HTTP/1.1 connections. */
export function createUndiciTransport(access: ClusterAccess, timeouts: TransportTimeouts = {}): NodeTransport {
  return new UndiciTransport(access, timeouts)
}

class UndiciTransport implements NodeTransport {
  readonly server: string
  readonly #base: URL
  readonly #authorize: Authorize
  readonly #requestMs: number
  readonly #calls: Agent
  readonly #streams: Agent

  constructor(access: ClusterAccess, { connectMs = CONNECT_MS, requestMs = REQUEST_MS }: TransportTimeouts) {
    this.#base = new URL(access.server)
    this.server = access.server
    this.#authorize = authorizeBy(access.auth)
    this.#requestMs = requestMs
    const connect = connector(access, connectMs)
    // Deadlines are ours (a signal per call); undici's own would also end a quiet watch.
    const common = { connect, headersTimeout: 0, bodyTimeout: 0, allowH2: false, pipelining: 1 } as const
    this.#calls = new Agent({ ...common, connections: MAX_CALL_CONNECTIONS })
    this.#streams = new Agent(common)
  }

  async call(request: HttpRequest): Promise<HttpAnswer> {
    const deadline = AbortSignal.timeout(this.#requestMs)
    const signal = request.signal === undefined ? deadline : AbortSignal.any([request.signal, deadline])
    try {
      const answer = await this.#send(this.#calls, request, signal)
      return { status: answer.statusCode, header: headerOf(answer), text: await answer.body.text() }
    } catch (error) {
      throw this.#explain(error, request.signal)
    }
  }

  async open(request: HttpRequest): Promise<HttpStream> {
    const head = new AbortController()
    const onAbort = (): void => head.abort(request.signal?.reason)
    if (request.signal?.aborted === true) onAbort()
    request.signal?.addEventListener('abort', onAbort, { once: true })
    const timer = setTimeout(() => head.abort(new DOMException('no answer', 'TimeoutError')), this.#requestMs)
    const release = (): void => {
      clearTimeout(timer)
      request.signal?.removeEventListener('abort', onAbort)
    }
    try {
      const answer = await this.#send(this.#streams, request, head.signal)
      // A refusal is no stream: its body has to arrive in time, too.
      if (answer.statusCode < 400) clearTimeout(timer)
      return {
        status: answer.statusCode,
        header: headerOf(answer),
        chunks: this.#chunks(answer, request.signal, release),
      }
    } catch (error) {
      release()
      throw this.#explain(error, request.signal)
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#calls.destroy(), this.#streams.destroy()])
  }

  async #send(agent: Agent, request: HttpRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const authorization = await this.#authorize()
    return agent.request({
      origin: this.#base.origin,
      path: `${this.#base.pathname.replace(/\/$/, '')}${request.path}`,
      method: request.method,
      headers: {
        accept: 'application/json',
        'user-agent': 'nexus',
        ...(authorization === undefined ? {} : { authorization }),
        ...request.headers,
      },
      ...(request.body === undefined ? {} : { body: request.body }),
      signal,
    })
  }

  async *#chunks(
    { body }: Dispatcher.ResponseData,
    signal: AbortSignal | undefined,
    release: () => void,
  ): AsyncGenerator<Uint8Array> {
    try {
      const chunks: AsyncIterable<Uint8Array> = body
      yield* chunks
    } catch (error) {
      throw this.#explain(error, signal)
    } finally {
      release()
      // A body that is not read to its end would hold its connection.
      body.on('error', () => {}).destroy()
    }
  }

  /** What the caller's abort or the credentials raised is passed on; everything else is a failure of the transport. */
  #explain(error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted === true) return signal.reason
    if (error instanceof TransportFailure || error instanceof NexusError) return error
    const kind = failureKind(error)
    return new TransportFailure(kind, kind === 'timeout' ? this.#late(error) : messageOf(error), error)
  }

  #late(error: unknown): string {
    return codeOf(error) === 'UND_ERR_CONNECT_TIMEOUT' ? messageOf(error) : `none within ${this.#requestMs / 1000} s`
  }
}

/** Opens connections; a credential plugin is asked for its certificate at each. */
function connector(access: ClusterAccess, timeout: number): buildConnector.connector {
  const { auth } = access
  const tls = {
    timeout,
    allowH2: false,
    rejectUnauthorized: access.skipTlsVerify !== true,
    ...(access.ca === undefined ? {} : { ca: access.ca }),
    ...(access.tlsServerName === undefined ? {} : { servername: access.tlsServerName }),
  }
  if (auth.type === 'client-certificate') {
    return buildConnector({ ...tls, cert: auth.certificate, key: auth.key.reveal() })
  }
  if (auth.type !== 'plugin') return buildConnector(tls)
  const { credentials } = auth
  return (options, callback) => {
    const connect = async (): Promise<void> => {
      const { certificate: cert, key } = await credentials()
      const withCertificate = cert === undefined || key === undefined ? tls : { ...tls, cert, key: key.reveal() }
      buildConnector(withCertificate)(options, callback)
    }
    // oxlint-disable-next-line promise/no-callback-in-promise -- undici's connectors report by callback
    connect().catch((error: unknown) => callback(error instanceof Error ? error : new Error(messageOf(error)), null))
  }
}

function headerOf(answer: Dispatcher.ResponseData): (name: string) => string | undefined {
  return (name) => {
    const value = answer.headers[name]
    return Array.isArray(value) ? value[0] : value
  }
}

const TIMEOUT_CODES = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
])
const RESET_CODES = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'])
/** OpenSSL's errors and verification results, as Node names them, and its own name check. */
const TLS_CODE = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO/

function failureKind(error: unknown): TransportFailureKind {
  const code = codeOf(error)
  if (TIMEOUT_CODES.has(code) || (error instanceof Error && error.name === 'TimeoutError')) return 'timeout'
  if (RESET_CODES.has(code)) return 'reset'
  return TLS_CODE.test(code) ? 'tls' : 'unreachable'
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
