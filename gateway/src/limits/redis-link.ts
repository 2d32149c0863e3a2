import { setTimeout as pause } from 'node:timers/promises'
import { RedisConnection } from './redis-connection.ts'

/** Between two attempts to reach Redis, and how long replicas wait for one another when it is back. */
export const RETRY_MS = 400

export interface RedisLinkOptions {
  readonly url: string
  /** How long the first connection may take before {@link RedisLink.started} settles all the same. */
  readonly timeoutMs: number
  /** Called with a new connection before it is used: what it learns, Redis knows before the next request. */
  readonly prepare: (connection: RedisConnection, signal: AbortSignal) => Promise<void>
  readonly onUp: () => void
  /** Called when the connection in use fails, and when the first attempt does. */
  readonly onDown: (reason: Error) => void
}

/** Keeps a connection to Redis: as soon as one fails it is out of use, and others are tried in the background. */
export class RedisLink {
  readonly #options: RedisLinkOptions
  readonly #closing = new AbortController()
  readonly #started = Promise.withResolvers<void>()
  readonly #ended: Promise<void>
  #connection: RedisConnection | undefined
  #isStarting = true

  constructor(options: RedisLinkOptions) {
    this.#options = options
    this.#ended = this.#keepConnected()
    const grace = setTimeout(() => this.#settleStart(), options.timeoutMs)
    void this.#started.promise.then(() => clearTimeout(grace))
  }

  /** The connection to use, or undefined while Redis is away. */
  get connection(): RedisConnection | undefined {
    return this.#connection?.isOpen === true ? this.#connection : undefined
  }

  /** Whether nothing is known of Redis yet. */
  get isStarting(): boolean {
    return this.#isStarting
  }

  /** Settles after the first attempt, or after `timeoutMs`. */
  get started(): Promise<void> {
    return this.#started.promise
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#connection?.close()
    this.#settleStart()
    await this.#ended
  }

  async #keepConnected(): Promise<void> {
    const { onUp, onDown } = this.#options
    let isKnownDown = false
    while (!this.#closing.signal.aborted) {
      const opened = await this.#open()
      if (opened instanceof RedisConnection) {
        this.#connection = opened
        onUp()
        this.#settleStart()
        isKnownDown = false
      }
      const reason = opened instanceof RedisConnection ? await opened.lost : opened
      this.#connection = undefined
      if (this.#closing.signal.aborted) return
      if (!isKnownDown) onDown(reason)
      isKnownDown = true
      this.#settleStart()
      await pause(RETRY_MS, undefined, { signal: this.#closing.signal }).catch(() => undefined)
    }
  }

  /** A connection that is ready for use, or why there is none. */
  async #open(): Promise<RedisConnection | Error> {
    let connection: RedisConnection | undefined
    try {
      connection = await RedisConnection.open(this.#options.url)
      await this.#options.prepare(connection, this.#closing.signal)
      if (this.#closing.signal.aborted) connection.close()
      return connection
    } catch (error) {
      connection?.close()
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  #settleStart(): void {
    this.#isStarting = false
    this.#started.resolve()
  }
}
