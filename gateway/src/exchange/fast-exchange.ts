import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { hasNoBody, renderAnswerHead } from './answer-head.ts'
import type { Exchange } from './exchange.ts'
import type { FastConnection } from './fast-connection.ts'
import { checkAnnouncedBody, clientClosed } from './refusals.ts'
import type { IncomingBody } from './incoming-body.ts'
import type { RequestHead } from './request-head.ts'
import { acceptRequestId } from './request-id.ts'

/** How the client knows where the answer ends. */
type Framing = 'length' | 'chunked' | 'none'

const NOTHING = new Uint8Array(0)

/** An {@link Exchange} on a connection that we parse ourselves. */
export class FastExchange implements Exchange {
  readonly requestId: string
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly sent = { status: 0, bodyBytes: 0 }
  readonly #connection: FastConnection
  readonly #body: IncomingBody
  #isClientGone = false
  #isClosed = false
  #onGone: (() => void) | undefined
  #onClosed: (() => void) | undefined
  #drain: PromiseWithResolvers<void> | undefined
  /** Rendered, and not sent yet: it travels with the first piece. */
  #head = ''
  #framing: Framing = 'none'
  /** What a `content-length` still promises. */
  #promised = 0

  constructor(connection: FastConnection, head: RequestHead, body: IncomingBody) {
    this.requestId = acceptRequestId(head.headers['x-request-id'])
    this.method = head.method
    this.path = head.path
    this.headers = head.headers
    this.#connection = connection
    this.#body = body
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress
  }

  get isClientGone(): boolean {
    return this.#isClientGone
  }

  whenClientGone(listener: (() => void) | undefined): void {
    if (this.#isClientGone) listener?.()
    else this.#onGone = listener
  }

  whenClosed(listener: () => void): void {
    if (this.#isClosed) listener()
    else this.#onClosed = listener
  }

  readBody(maxBytes: number): Buffer | Promise<Buffer> {
    checkAnnouncedBody(this.headers, maxBytes)
    if (this.#isClientGone) throw clientClosed()
    return this.#body.read() ?? this.#connection.awaitBody(this.#body)
  }

  respond(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    this.open(status, { ...headers, 'content-length': bytes.length })
    if (!this.#isClosed) this.#send(bytes)
    this.end()
  }

  open(status: number, headers: OutgoingHttpHeaders): void {
    const length = headers['content-length']
    this.#framing = hasNoBody(status) ? 'none' : length === undefined ? 'chunked' : 'length'
    this.#promised = this.#framing === 'length' ? Number(length) : 0
    const connectionLines = this.#connection.answerLines(this.#framing === 'chunked')
    this.#head = renderAnswerHead({ status, headers, requestId: this.requestId, connectionLines })
    this.sent.status = status
  }

  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#isClosed) throw clientClosed()
    if (this.#send(chunk)) return
    this.#drain ??= Promise.withResolvers()
    return this.#drain.promise
  }

  end(): void {
    if (this.#isClosed) return
    // A shorter answer than the one that was promised must not look whole.
    if (this.#framing === 'length' && this.#promised !== 0) {
      this.cut()
      return
    }
    const last = this.#framing === 'chunked' ? `${this.#head}0\r\n\r\n` : this.#head
    this.#head = ''
    this.#connection.endAnswer(last)
  }

  cut(): void {
    this.#connection.cut()
    this.#close()
  }

  /** The answer was handed over completely. */
  delivered(): void {
    this.#close()
  }

  /** The client can take more. */
  drained(): void {
    this.#drain?.resolve()
    this.#drain = undefined
  }

  /** The client closed the connection, or its connection broke. */
  clientLeft(): void {
    if (this.#isClosed) return
    this.#isClientGone = true
    const onGone = this.#onGone
    this.#onGone = undefined
    this.#body.fail(clientClosed())
    this.#drain?.reject(clientClosed())
    this.#drain = undefined
    onGone?.()
    this.#close()
  }

  /** @returns whether the client can take more at once */
  #send(chunk: Uint8Array): boolean {
    if (chunk.length === 0 && this.#framing !== 'length') return true
    this.sent.bodyBytes += chunk.length
    const head = this.#head
    this.#head = ''
    if (this.#framing === 'none') return this.#connection.write(head, NOTHING, '')
    if (this.#framing === 'length') {
      this.#promised -= chunk.length
      return this.#connection.write(head, chunk, '')
    }
    return this.#connection.write(`${head}${chunk.length.toString(16)}\r\n`, chunk, '\r\n')
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#onClosed?.()
  }
}
