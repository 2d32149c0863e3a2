import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { GatewayError } from '../errors.ts'
import type { Exchange } from './exchange.ts'
import { acceptRequestId } from './request-id.ts'

/** How long a connection stays open for a client that is still sending a body that was refused, in milliseconds. */
const LINGER_MS = 5_000

/** What an exchange over `node:http` needs besides the two halves of the call. */
export interface NodeExchangeOptions {
  /** How long the client may leave written bytes unread before it is dropped, in milliseconds. */
  readonly clientStallMs: number
  /** The client waits for `100 Continue` before it sends its body. */
  readonly expectsContinue: boolean
  /** The gateway is stopping: answers ask the client to close the connection. */
  readonly isDraining: () => boolean
}

/** An {@link Exchange} over `node:http`. */
export class NodeExchange implements Exchange {
  readonly requestId: string
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly sent = { status: 0, bodyBytes: 0 }
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #options: NodeExchangeOptions
  readonly #gone = new AbortController()
  #wasCut = false

  constructor(request: IncomingMessage, response: ServerResponse, options: NodeExchangeOptions) {
    this.requestId = acceptRequestId(request.headers['x-request-id'])
    this.method = request.method ?? ''
    this.path = pathOf(request.url ?? '')
    this.headers = request.headers
    this.#request = request
    this.#response = response
    this.#options = options
    response.once('close', () => {
      if (!response.writableFinished && !this.#wasCut) this.#gone.abort(clientClosed())
    })
    // A connection that breaks reports here as well; `close` tells what matters.
    response.on('error', () => undefined)
    request.on('error', () => undefined)
  }

  get clientGone(): AbortSignal {
    return this.#gone.signal
  }

  async readBody(maxBytes: number): Promise<Buffer> {
    const encoding = this.headers['content-encoding'] ?? 'identity'
    if (encoding !== 'identity') {
      throw new GatewayError('unsupported_content_encoding', 'The request body must not be compressed.')
    }
    if (Number(this.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes)
    if (this.#options.expectsContinue) this.#response.writeContinue()
    return readAll(this.#request, maxBytes)
  }

  respond(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    this.open(status, { ...headers, 'content-length': bytes.length })
    this.sent.bodyBytes = bytes.length
    this.#response.end(bytes)
    if (!this.#request.complete) this.#linger()
  }

  open(status: number, headers: OutgoingHttpHeaders): void {
    const closing = this.#options.isDraining() ? { connection: 'close' } : {}
    this.#response.writeHead(status, { ...headers, ...closing, 'x-request-id': this.requestId })
    this.sent.status = status
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#gone.signal.aborted) throw clientClosed()
    this.sent.bodyBytes += chunk.length
    if (!this.#response.write(chunk)) await this.#drained()
  }

  end(): void {
    this.#response.end()
  }

  cut(): void {
    this.#wasCut = true
    this.#response.destroy()
  }

  #drained(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const stalled = setTimeout(() => this.#response.destroy(), this.#options.clientStallMs)
    const onGone = (): void => reject(clientClosed())
    this.#response.once('drain', resolve)
    this.#gone.signal.addEventListener('abort', onGone, { once: true })
    return promise.finally(() => {
      clearTimeout(stalled)
      this.#response.off('drain', resolve)
      this.#gone.signal.removeEventListener('abort', onGone)
    })
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

function readAll(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  let size = 0
  const onData = (chunk: Buffer): void => {
    size += chunk.length
    if (size > maxBytes) {
      request.off('data', onData)
      reject(tooLarge(maxBytes))
    } else chunks.push(chunk)
  }
  request.on('data', onData)
  request.once('end', () => resolve(Buffer.concat(chunks, size)))
  request.once('close', () => reject(clientClosed()))
  return promise
}

/** The path of an origin-form or absolute-form target. */
function pathOf(target: string): string {
  const relative = target.replace(/^https?:\/\/[^/?]*/i, '')
  const query = relative.indexOf('?')
  return query === -1 ? relative : relative.slice(0, query)
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('request_too_large', `The request body is larger than ${maxBytes} bytes.`)
}

function clientClosed(): GatewayError {
  return new GatewayError('client_closed_request', 'The client closed the connection.')
}
