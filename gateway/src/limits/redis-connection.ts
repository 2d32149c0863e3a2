import { Redis } from './ioredis.ts'
import { messageOf } from '../errors.ts'
import { CARRY, RENEW, RESERVE, SETTLE, type Script } from './scripts.ts'

/** How long connecting and each command before the connection is used may take. */
const OPEN_TIMEOUT_MS = 1000

/**
 * One connection to Redis, from its opening to its first failure: a command without answer in time, an answer that is an
 * error, a closed socket. It never reconnects and never sends a command twice; see `RedisLink`.
 */
export class RedisConnection {
  readonly #client: Redis
  readonly #lost = Promise.withResolvers<Error>()
  #isOpen = true
  /** What the client reported: it says more than the calls that fail for it. */
  #cause: Error | undefined

  /** @throws Error when Redis cannot be reached, refuses to write, or takes longer than a second */
  static async open(url: string): Promise<RedisConnection> {
    const connection = new RedisConnection(url)
    try {
      await connection.#prepare()
    } catch (error) {
      connection.close()
      throw error
    }
    return connection
  }

  private constructor(url: string) {
    this.#client = new Redis(url, {
      lazyConnect: true,
      connectTimeout: OPEN_TIMEOUT_MS,
      disconnectTimeout: 100,
      connectionName: 'nexus-gateway',
      disableClientInfo: true,
      protocol: 2,
      enableReadyCheck: false, // `#prepare` asks for more: that Redis takes writes
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: null,
    })
    this.#client.on('error', (error: Error) => (this.#cause = error))
    this.#client.on('end', () => this.#lose(this.#cause ?? new Error('the connection was closed')))
  }

  /** Settles with the reason when the connection has failed or was closed. Never rejects. */
  get lost(): Promise<Error> {
    return this.#lost.promise
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /**
   * Runs a script. A failure ends the connection.
   *
   * @throws Error when there is no answer after `timeoutMs`, or an error
   */
  run(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
    timeoutMs: number,
  ): Promise<unknown> {
    return this.#within(timeoutMs, this.#evaluate(script, keys, args))
  }

  close(): void {
    this.#lose(new Error('the connection was closed by the gateway'))
  }

  async #prepare(): Promise<void> {
    const client = this.#client
    await this.#within(OPEN_TIMEOUT_MS, client.connect())
    const probe = client.set(`nexus:limit:probe:${process.pid}`, '1', 'PX', 1000) // a replica or a full Redis refuses it
    const scripts = [RESERVE, SETTLE, CARRY, RENEW].map(({ source }) => client.script('LOAD', source))
    await this.#within(OPEN_TIMEOUT_MS, Promise.all([probe, ...scripts]))
  }

  async #evaluate(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await this.#client.evalsha(script.sha1, keys.length, ...keys, ...args)
    } catch (error) {
      if (!messageOf(error).startsWith('NOSCRIPT')) throw error
      return this.#client.eval(script.source, keys.length, ...keys, ...args) // somebody flushed the scripts
    }
  }

  /**
   * What `answer` settles with, if it does in time. A process that was busy for longer than `timeoutMs` finds the timer
   * due before it has read the socket: one more turn of the event loop lets an answer that is already there count.
   */
  #within<T>(timeoutMs: number, answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let isSettled = false
      const giveUp = (): void => {
        if (!isSettled) fail(new Error(`no answer in ${timeoutMs} ms`))
      }
      const timer = setTimeout(() => setImmediate(giveUp), timeoutMs)
      const fail = (error: unknown): void => {
        isSettled = true
        clearTimeout(timer)
        const reason = this.#cause ?? (error instanceof Error ? error : new Error(String(error)))
        this.#lose(reason)
        reject(reason)
      }
      answer.then((value) => {
        isSettled = true
        clearTimeout(timer)
        resolve(value)
      }, fail)
    })
  }

  #lose(reason: Error): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#client.disconnect()
    this.#lost.resolve(reason)
  }
}
