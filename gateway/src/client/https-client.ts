import { buildConnector, Pool, type Dispatcher } from 'undici'
import { IncomingAnswer, type AnswerSource } from './incoming-answer.ts'
import { explainFailure } from './failures.ts'
import { joinPieces } from './pieces.ts'
import type { ClientOptions, UpstreamCall, UpstreamClient, UpstreamRequest } from './upstream-client.ts'

/** What sends: connections that are kept for the next call, and new ones for a call that a kept one failed. */
interface Senders {
  readonly keeping: Dispatcher
  readonly fresh: Dispatcher
  /** The errors that broke a connection which had answered an earlier call. */
  readonly wornOut: WeakSet<Error>
  /** What the endpoint's address has before `/v1/…`. */
  readonly prefix: string
}

/** An {@link UpstreamClient} for https, over undici. */
export function createHttpsClient(url: URL, options: ClientOptions): UpstreamClient {
  const wornOut = new WeakSet<Error>()
  const connect = buildConnector({ timeout: options.connectMs, allowH2: false })
  const keeping = createPool(url, connectAndNote(connect, wornOut), options, 1)
  const fresh = createPool(url, connect, options, 0)
  const senders = { keeping, fresh, wornOut, prefix: url.pathname.replace(/\/$/, '') }
  return {
    start: (request) => new HttpsCall(senders, request).answer,
    close: async () => {
      await Promise.all([keeping.destroy(), fresh.destroy()])
    },
  }
}

/** @param pipelining calls at a time on one connection; 0 closes it after the first */
function createPool(url: URL, connect: buildConnector.connector, options: ClientOptions, pipelining: 0 | 1): Pool {
  return new Pool(url.origin, {
    connect,
    connections: options.maxConnections,
    keepAliveTimeout: options.idleMs,
    keepAliveMaxTimeout: options.idleMs,
    pipelining,
    allowH2: false,
    // The relay watches over silence itself: it knows a stream's first token from its next ones.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
}

/** Connects, and notes the errors of connections that had received something before they broke. */
function connectAndNote(connect: buildConnector.connector, wornOut: WeakSet<Error>): buildConnector.connector {
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
 * One call. A server may close a kept connection at the moment at which the next call is sent on it, above all one that
 * is being replaced. Such a call is repeated once, on a new connection. One that breaks a new connection is not: it may
 * be what broke the server.
 */
class HttpsCall implements AnswerSource, Dispatcher.DispatchHandler {
  readonly answer: UpstreamCall
  readonly #answer = new IncomingAnswer(this)
  readonly #senders: Senders
  readonly #request: UpstreamRequest
  #controller: Dispatcher.DispatchController | undefined
  #isFirst = true

  constructor(senders: Senders, request: UpstreamRequest) {
    this.#senders = senders
    this.#request = request
    this.answer = this.#answer
    this.#dispatch(senders.keeping)
  }

  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }

  abort(reason: Error): void {
    this.#controller?.abort(reason)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#answer.isSettled) controller.abort(new Error('the call was aborted while it waited for a connection'))
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status >= 200) this.#answer.begin({ status, headers })
  }

  onResponseData(_controller: Dispatcher.DispatchController, piece: Buffer): void {
    this.#answer.push(piece)
  }

  onResponseEnd(): void {
    this.#answer.finish()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#answer.isSettled) return
    if (this.#isFirst && this.#senders.wornOut.has(error)) {
      this.#isFirst = false
      this.#dispatch(this.#senders.fresh)
    } else this.#answer.fail(explainFailure(error))
  }

  #dispatch(dispatcher: Dispatcher): void {
    const { method, path, headers, body } = this.#request
    const bytes = method === 'POST' ? joinPieces(body) : null
    dispatcher.dispatch({ method, path: this.#senders.prefix + path, headers: { ...headers }, body: bytes }, this)
  }
}
