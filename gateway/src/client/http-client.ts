import { HttpConnection, type Address, type CarriedCall, type ConnectionOwner } from './http-connection.ts'
import { IncomingAnswer, type AnswerSource } from './incoming-answer.ts'
import { renderRequestHead } from './request-head.ts'
import {
  UpstreamError,
  type ClientOptions,
  type UpstreamCall,
  type UpstreamClient,
  type UpstreamRequest,
} from './upstream-client.ts'

/** How much earlier than the server announces a connection is given up, since its clock began before ours. */
const KEEP_MARGIN_MS = 1_000
const SWEEP_MS = 1_000

/**
 * An {@link UpstreamClient} for http and https, written for this gateway: with a general one the whole hot path is a sixth slower.
 *
 * @param now a monotonic clock in milliseconds
 */
export function createHttpClient(
  url: URL,
  options: ClientOptions,
  now: () => number = () => performance.now(),
): UpstreamClient {
  return new HttpClient(url, options, now)
}

/** A pool of connections to one endpoint. The one that was used last is used first, so that the others can end. */
class HttpClient implements UpstreamClient, ConnectionOwner {
  readonly #address: Address
  readonly #host: string
  readonly #prefix: string
  readonly #options: ClientOptions
  readonly #now: () => number
  readonly #connections = new Set<HttpConnection>()
  /** In the order in which they became idle. */
  readonly #idle: HttpConnection[] = []
  readonly #waiting = new Set<HttpCall>()
  #sweep: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(url: URL, options: ClientOptions, now: () => number) {
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    const isSecure = url.protocol === 'https:'
    this.#address = { host, port: Number(url.port) || (isSecure ? 443 : 80), isSecure }
    this.#host = url.host
    this.#prefix = url.pathname.replace(/\/$/, '')
    this.#options = options
    this.#now = now
  }

  start(request: UpstreamRequest): UpstreamCall {
    const call = new HttpCall(this, renderRequestHead(request, this.#host, this.#prefix), request.body)
    if (this.#isClosed) call.answer.fail(new UpstreamError('unreachable', 'the client is closed'))
    else this.assign(call, request.method === 'POST')
    return call.answer
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#sweep)
    const reason = new UpstreamError('stopped', 'the gateway stops')
    for (const call of this.#waiting) call.answer.fail(reason)
    this.#waiting.clear()
    for (const connection of this.#connections) connection.destroy(reason)
  }

  /** Gives a call a connection: an idle one, a new one, or the first that becomes free. */
  assign(call: HttpCall, mayWait: boolean): void {
    const connection = this.#takeIdle()
    if (connection !== undefined) call.runOn(connection)
    else if (this.#connections.size < this.#options.maxConnections || !mayWait) call.runOn(this.#open())
    else this.#waiting.add(call)
  }

  withdraw(call: HttpCall): void {
    this.#waiting.delete(call)
  }

  onFree(connection: HttpConnection): void {
    if (!connection.isReusable) return
    const next = this.#nextWaiting()
    if (next !== undefined) {
      next.runOn(connection)
      return
    }
    const { idleMs } = this.#options
    const keepMs = connection.keepMs === undefined ? idleMs : Math.min(idleMs, connection.keepMs - KEEP_MARGIN_MS)
    connection.usableUntil = this.#now() + keepMs
    this.#idle.push(connection)
    this.#sweep ??= setTimeout(() => this.#dropExpired(), SWEEP_MS).unref()
  }

  onClosed(connection: HttpConnection, carried: CarriedCall | undefined, error: Error | undefined): void {
    this.#connections.delete(connection)
    const position = carried === undefined ? this.#idle.indexOf(connection) : -1
    if (position !== -1) this.#idle.splice(position, 1)
    if (carried instanceof HttpCall) this.#lose(carried, connection, error)
    const next = this.#connections.size < this.#options.maxConnections ? this.#nextWaiting() : undefined
    next?.runOn(this.#open())
  }

  /** A call whose connection broke: repeated once on a new one if the server had merely grown tired of the old one. */
  #lose(call: HttpCall, connection: HttpConnection, error: Error | undefined): void {
    if (connection.isWornOut && !call.isRepeated && !call.answer.isSettled && !this.#isClosed) {
      call.isRepeated = true
      call.runOn(this.#open())
      return
    }
    const cause = error ?? new Error('the connection was closed before the answer was complete')
    const reason = connection.isConnected ? 'broken' : 'unreachable'
    call.answer.fail(cause instanceof UpstreamError ? cause : new UpstreamError(reason, cause.message, { cause }))
  }

  #open(): HttpConnection {
    const connection = new HttpConnection(this.#address, this.#options.connectMs, this)
    this.#connections.add(connection)
    return connection
  }

  #takeIdle(): HttpConnection | undefined {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.isReusable && connection.usableUntil > this.#now()) return connection
      connection.destroy()
    }
    return undefined
  }

  #nextWaiting(): HttpCall | undefined {
    for (const call of this.#waiting) {
      this.#waiting.delete(call)
      return call
    }
    return undefined
  }

  #dropExpired(): void {
    const nowMs = this.#now()
    const expired = this.#idle.filter(({ usableUntil }) => usableUntil <= nowMs)
    for (const connection of expired) connection.destroy()
    const kept = this.#idle.filter(({ usableUntil }) => usableUntil > nowMs)
    this.#idle.splice(0, this.#idle.length, ...kept)
    this.#sweep = kept.length === 0 ? undefined : setTimeout(() => this.#dropExpired(), SWEEP_MS).unref()
  }
}

/** One call: waiting for a connection, or on one. */
class HttpCall implements AnswerSource, CarriedCall {
  readonly answer: IncomingAnswer
  readonly head: string
  readonly body: readonly Uint8Array[]
  isRepeated = false
  readonly #client: HttpClient
  #connection: HttpConnection | undefined

  constructor(client: HttpClient, head: string, body: readonly Uint8Array[]) {
    this.#client = client
    this.head = head
    this.body = body
    this.answer = new IncomingAnswer(this)
  }

  runOn(connection: HttpConnection): void {
    this.#connection = connection
    connection.carry(this)
  }

  leave(): void {
    this.#connection = undefined
  }

  pause(): void {
    this.#connection?.pause()
  }

  resume(): void {
    this.#connection?.resume()
  }

  abort(reason: Error): void {
    this.#client.withdraw(this)
    this.#connection?.destroy(reason)
  }
}
