import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { readNodeBody } from './read-node-body.ts'
import type { Exchange } from './exchange.ts'
import { checkAnnouncedBody, clientClosed, LINGER_MS } from './refusals.ts'
import { acceptRequestId } from './request-id.ts'

/** What an exchange over `node:http` needs besides the two halves of the call. */
export interface NodeExchangeOptions {
  /** How long the client may leave written bytes unread before it is dropped, in milliseconds. */
  readonly clientStallMs: number
  /** How long a whole body may take, in milliseconds. */
  readonly bodyTimeoutMs: number
  /** The client waits for `100 Continue` before it sends its body. */
  readonly expectsContinue: boolean
  /** The gateway is stopping: answers ask the client to close the connection. */
  readonly isStopping: () => boolean
}

/** An {@link Exchange} over `node:http`. */
export class NodeExchange implements Exchange {
  readonly requestId: string
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly remoteAddress: string
  readonly sent = { status: 0, bodyBytes: 0 }
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #options: NodeExchangeOptions
  #isClientGone = false
  #wasCut = false
  #onGone: (() => void) | undefined
  #onClosed: (() => void) | undefined
  #drain: PromiseWithResolvers<void> | undefined

  constructor(request: IncomingMessage, response: ServerResponse, options: NodeExchangeOptions) {
    this.requestId = acceptRequestId(request.headers['x-request-id'])
    this.method = request.method ?? ''
    this.path = pathOf(request.url ?? '')
    this.headers = request.headers
    this.remoteAddress = request.socket.remoteAddress ?? ''
    this.#request = request
    this.#response = response
    this.#options = options
    response.once('close', () => this.#closed())
    // A connection that breaks reports here as well; `close` tells what matters.
    response.on('error', () => undefined)
    request.on('error', () => undefined)
  }

  get isClientGone(): boolean {
    return this.#isClientGone
  }

  whenClientGone(listener: (() => void) | undefined): void {
    if (this.#isClientGone) listener?.()
    else this.#onGone = listener
  }

  whenClosed(listener: () => void): void {
    if (this.#response.closed) listener()
    else this.#onClosed = listener
  }

  readBody(maxBytes: number): Promise<Buffer> {
    checkAnnouncedBody(this.headers, maxBytes)
    if (this.#options.expectsContinue) this.#response.writeContinue()
    return readNodeBody(this.#request, maxBytes, this.#options.bodyTimeoutMs)
  }

  respond(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    this.open(status, { ...headers, 'content-length': bytes.length })
    this.sent.bodyBytes = bytes.length
    this.#response.end(bytes)
    this.#watchUnread()
    if (!this.#request.complete) this.#linger()
  }

  open(status: number, headers: OutgoingHttpHeaders): void {
    const closing = this.#options.isStopping() ? { connection: 'close' } : {}
    this.#response.writeHead(status, { ...headers, ...closing, 'x-request-id': this.requestId })
    this.sent.status = status
  }

  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#isClientGone) throw clientClosed()
    this.sent.bodyBytes += chunk.length
    if (!this.#response.write(chunk)) return this.#drained()
  }

  end(): void {
    this.#response.end()
    this.#watchUnread()
  }

  cut(): void {
    this.#wasCut = true
    this.#response.destroy()
  }

  #closed(): void {
    this.#isClientGone = !this.#response.writableFinished && !this.#wasCut
    if (this.#isClientGone) this.#onGone?.()
    this.#onGone = undefined
    this.#drain?.reject(clientClosed())
    this.#onClosed?.()
  }

  #drained(): Promise<void> {
    const drain = Promise.withResolvers<void>()
    this.#drain = drain
    const stopWatching = this.#watchUnread()
    const onDrain = (): void => drain.resolve()
    this.#response.once('drain', onDrain)
    return drain.promise.finally(() => {
      this.#drain = undefined
      stopWatching()
      this.#response.off('drain', onDrain)
    })
  }

  /** Drops a client that leaves what was written unread for too long. */
  #watchUnread(): () => void {
    if (this.#response.writableLength === 0) return () => undefined
    const timer = setTimeout(() => this.#response.destroy(), this.#options.clientStallMs)
    const stop = (): void => clearTimeout(timer)
    this.#response.once('close', stop)
    return () => {
      stop()
      this.#response.off('close', stop)
    }
  }

  /**
   * Discards what a refused client still sends, for a while: closing at once would reset the connection under the
   * answer that it has not read yet.
   */
  #linger(): void {
    const socket = this.#request.socket
    const timer = setTimeout(() => socket.destroy(), LINGER_MS)
    timer.unref()
    this.#request.once('close', () => clearTimeout(timer))
    this.#request.resume()
  }
}

/** The path of an origin-form or absolute-form target. */
function pathOf(target: string): string {
  const relative = target.replace(/^https?:\/\/[^/?]*/i, '')
  const query = relative.indexOf('?')
  return query === -1 ? relative : relative.slice(0, query)
}
