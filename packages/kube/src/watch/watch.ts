import type { Kind, List, WatchEvent } from '../client.ts'
import { KubeApiError } from '../errors.ts'
import { backoffMs, sleep } from '../http/backoff.ts'
import type { Backoff } from '../http/backoff.ts'
import { linesOf } from '../http/text.ts'
import { TransportFailure } from '../http/transport.ts'
import type { HttpStream } from '../http/transport.ts'
import type { KubeObject } from '../objects.ts'
import { KnownObjects } from './known-objects.ts'
import { withSilenceLimit } from './silence.ts'
import { parseWatchLine } from './watch-line.ts'

/** Where a watch gets its objects: one list, and a stream of changes since it. Both reject with `KubeApiError`. */
export interface WatchSource<T extends KubeObject> {
  readonly kind: Kind<T>
  list(signal: AbortSignal | undefined): Promise<List<T>>
  open(cursor: { resourceVersion: string; timeoutSeconds: number }, signal: AbortSignal): Promise<HttpStream>
}

/** Waits and silences of a watch. */
export interface WatchTiming {
  /**
   * A connection without a byte for this long is taken for dead. Default 5 min (and up to 30 s more, so that many watches
   * do not reconnect at once): API servers send a bookmark about every minute.
   */
  readonly silenceMs: number
  /** The server is asked to close by itself after this long. Default 4.5 min, shorter than the silence. */
  readonly timeoutSeconds: number
  /** Waits between attempts that brought nothing. Default 100 ms doubling to 30 s. */
  readonly backoff: Backoff
}

const DEFAULT_TIMING: WatchTiming = {
  silenceMs: 300_000,
  timeoutSeconds: 270,
  backoff: { baseMs: 100, maxMs: 30_000 },
}

/** A connection that held this long was a good one, even if nothing happened in it. */
const STEADY_MS = 10_000

/** How one connection ended: `lost` resumes where it stopped, `expired` needs a new list. */
type Ending = 'lost' | 'expired'

/**
 * Lists, then follows changes, for as long as `signal` allows. The consumer pulls: while it is busy, nothing is read.
 *
 * A closed or silent connection resumes from the last version seen; a version the server no longer has (410), or any other
 * error in the stream, leads to a new list, told as the changes against what was delivered.
 */
export async function* watchObjects<T extends KubeObject>(
  source: WatchSource<T>,
  options: Partial<WatchTiming> & { signal?: AbortSignal | undefined },
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  const { signal } = options
  const watch = new Watch(source, { ...DEFAULT_TIMING, ...options }, signal)
  const isOver = (): boolean => signal?.aborted === true
  while (!isOver()) {
    try {
      if (watch.needsList) yield* watch.list()
      yield* watch.follow()
    } catch (error) {
      if (isOver()) return
      if (isHopeless(error)) throw error
      watch.failed(error)
    }
    await watch.pause()
  }
}

class Watch<T extends KubeObject> {
  readonly #source: WatchSource<T>
  readonly #timing: WatchTiming
  readonly #signal: AbortSignal | undefined
  readonly #known = new KnownObjects<T>()
  /** The last version the server told us; undefined: a new list is due. */
  #cursor: string | undefined
  /** Attempts in a row that brought nothing. */
  #idle = 0

  constructor(source: WatchSource<T>, timing: WatchTiming, signal: AbortSignal | undefined) {
    this.#source = source
    this.#timing = timing
    this.#signal = signal
  }

  get needsList(): boolean {
    return this.#cursor === undefined
  }

  async *list(): AsyncGenerator<WatchEvent<T>> {
    const { items, resourceVersion } = await this.#source.list(this.#signal)
    yield* this.#known.reconcile(items)
    this.#cursor = resourceVersion
    yield { type: 'SYNCED', resourceVersion }
  }

  /** One connection, from the cursor until it ends. */
  async *follow(): AsyncGenerator<WatchEvent<T>> {
    // The consumer may have given up while it held the last event of the list: no listener would hear of it any more.
    this.#signal?.throwIfAborted()
    const connection = new AbortController()
    const onAbort = (): void => connection.abort(this.#signal?.reason)
    this.#signal?.addEventListener('abort', onAbort, { once: true })
    const startedAt = performance.now()
    this.#idle++
    try {
      const { timeoutSeconds } = this.#timing
      const stream = await this.#source.open({ resourceVersion: this.#cursor ?? '', timeoutSeconds }, connection.signal)
      const ending = yield* this.#events(withSilenceLimit(stream.chunks, this.#silenceMs(), connection))
      if (ending === 'expired') this.#cursor = undefined
    } finally {
      if (performance.now() - startedAt >= STEADY_MS) this.#idle = 0
      this.#signal?.removeEventListener('abort', onAbort)
      connection.abort()
    }
  }

  async *#events(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<WatchEvent<T>, Ending> {
    for await (const text of linesOf(chunks, 'drop')) {
      const line = parseWatchLine(this.#source.kind, text)
      switch (line.type) {
        case 'ADDED':
        case 'MODIFIED':
        case 'DELETED':
          this.#advance(line.object.metadata.resourceVersion)
          this.#known.record(line)
          yield line
          break
        case 'BOOKMARK':
          this.#advance(line.resourceVersion)
          break
        case 'ERROR':
          return 'expired'
        case 'BROKEN':
          return 'lost'
        default:
          return line satisfies never
      }
    }
    return 'lost'
  }

  #advance(resourceVersion: string | undefined): void {
    this.#idle = 0
    if (resourceVersion !== undefined && resourceVersion !== '') this.#cursor = resourceVersion
  }

  /** Takes note of an attempt that failed: what the server no longer has is listed again. */
  failed(error: unknown): void {
    if (this.needsList) this.#idle++
    if (isExpired(error)) this.#cursor = undefined
  }

  /** Waits before the next attempt; not at all after a connection that brought something. */
  async pause(): Promise<void> {
    if (this.#idle > 0) await sleep(backoffMs(this.#idle, this.#timing.backoff), this.#signal)
  }

  #silenceMs(): number {
    return this.#timing.silenceMs * (1 + Math.random() / 10)
  }
}

/** The server no longer has our version (410), or has not got as far (its data was restored from an older copy). */
function isExpired(error: unknown): boolean {
  if (!(error instanceof KubeApiError)) return false
  return error.status === 410 || (error.status === 504 && error.message.includes('Too large resource version'))
}

/** Errors that no further attempt can mend: the caller has no right to it, or asks for something that is not there. */
function isHopeless(error: unknown): boolean {
  if (error instanceof TransportFailure) return false
  if (!(error instanceof KubeApiError)) return true
  return [400, 401, 403, 404, 405, 406, 415, 422].includes(error.status)
}
