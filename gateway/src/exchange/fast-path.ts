import type { Socket } from 'node:net'
import type { Exchange } from './exchange.ts'
import { FastConnection, type AnswerLines, type FastListener } from './fast-connection.ts'
import type { ListenerOptions } from './listener.ts'

const SWEEP_MS = 1_000

/**
 * How long a stopping gateway keeps idle connections that it has not announced the end of: the next request may be on its
 * way, and closing under it would look like a failure. A client under load sends it within this time, and its answer says
 * that the connection ends. A gateway that waits for no call does not wait for this either.
 */
const LINGER_MS = 1_000

/**
 * The connections of a listener that we read ourselves. It stands before `node:http` on the same port: each connection
 * begins here and goes over to `node:http`, with the bytes that were read, at the first request that is not plain.
 */
export class FastPath implements FastListener {
  readonly maxHeaderBytes: number
  readonly headersTimeoutMs: number
  readonly bodyTimeoutMs: number
  readonly keepAliveMs: number
  readonly clientStallMs: number
  coarseNowMs = performance.now()
  connectionLines: AnswerLines
  isStopping = false
  readonly #options: ListenerOptions
  readonly #takeOver: (socket: Socket) => void
  readonly #connections = new Set<FastConnection>()
  readonly #sweep: NodeJS.Timeout
  readonly #lingerMs: number

  /** @param takeOver makes a connection one of `node:http` */
  constructor(options: ListenerOptions, takeOver: (socket: Socket) => void) {
    const { maxHeaderBytes, headersTimeoutMs, bodyTimeoutMs, keepAliveMs, clientStallMs } = options.config
    this.maxHeaderBytes = maxHeaderBytes
    this.headersTimeoutMs = headersTimeoutMs
    this.bodyTimeoutMs = bodyTimeoutMs
    this.keepAliveMs = keepAliveMs
    this.clientStallMs = clientStallMs
    this.connectionLines = renderLines(keepAliveMs)
    this.#options = options
    this.#takeOver = takeOver
    this.#lingerMs = Math.min(LINGER_MS, options.config.drain.maxMs)
    // One look at all connections a second costs less than timers that every request moves.
    const shortest = Math.min(SWEEP_MS, headersTimeoutMs, bodyTimeoutMs, keepAliveMs)
    this.#sweep = setInterval(() => this.#check(), shortest).unref()
  }

  accept(socket: Socket): void {
    this.#connections.add(new FastConnection(socket, this))
  }

  handle(exchange: Exchange): void {
    void this.#options.handle(exchange)
  }

  onRefused(code: string): void {
    this.#options.onRefused(code)
  }

  onIdle(connection: FastConnection): void {
    if (this.isStopping) this.#closeSoon(connection)
  }

  onClosed(connection: FastConnection): void {
    this.#connections.delete(connection)
    this.#endWithLast()
  }

  handOver(connection: FastConnection, socket: Socket, bytes: Buffer): void {
    connection.release()
    this.onClosed(connection)
    socket.pause()
    socket.unshift(bytes)
    this.#takeOver(socket)
    process.nextTick(() => socket.resume())
  }

  /** From now on each answer ends its connection. What stays idle is closed too. */
  stop(): void {
    this.isStopping = true
    for (const connection of this.#connections) this.#closeSoon(connection)
    this.#endWithLast()
  }

  destroy(): void {
    for (const connection of this.#connections) connection.destroy()
  }

  #closeSoon(connection: FastConnection): void {
    if (!connection.isIdle) return
    const closeIfIdle = (): void => {
      if (connection.isIdle) connection.close()
    }
    setTimeout(closeIfIdle, this.#lingerMs).unref()
  }

  #endWithLast(): void {
    if (this.isStopping && this.#connections.size === 0) clearInterval(this.#sweep)
  }

  #check(): void {
    this.coarseNowMs = performance.now()
    this.connectionLines = renderLines(this.keepAliveMs)
    for (const connection of this.#connections) connection.check(this.coarseNowMs)
  }
}

function renderLines(keepAliveMs: number): AnswerLines {
  const date = `date: ${new Date().toUTCString()}\r\n`
  const kept = `${date}connection: keep-alive\r\nkeep-alive: timeout=${Math.floor(keepAliveMs / 1000)}\r\n`
  const closing = `${date}connection: close\r\n`
  const chunked = 'transfer-encoding: chunked\r\n'
  return { kept, keptChunked: kept + chunked, closing, closingChunked: closing + chunked }
}
