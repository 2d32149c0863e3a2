import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { z } from 'zod'
import { messageOf } from '../errors.ts'
import { KubernetesApiError, KubernetesSession, type KubernetesApiOptions } from './kubernetes-api.ts'

/** The objects that are followed. */
export interface WatchedResource<T> {
  /** How the log calls them, for example `InferenceServices`. */
  readonly title: string
  /** Of the list: `/apis/<group>/<version>[/namespaces/<namespace>]/<plural>`. */
  readonly path: string
  /** `labelSelector` or `fieldSelector`, where not all of them are followed. */
  readonly query?: Readonly<Record<string, string>>
  /** Reads one object; undefined for one that is odd, so that it does not hide the others. */
  readonly parse: (object: unknown) => T | undefined
  /** How long to wait before a kind that does not exist is asked for again; the rhythm of other failures, if unset. */
  readonly absentMs?: number
}

/** Where the observed state goes. */
export interface ListSink<T> {
  /** All there is. */
  replace(items: readonly T[]): void
  set(item: T): void
  delete(item: T): void
}

/** The rhythm of a list-watch, in milliseconds. */
export interface ListWatchTimes {
  /** The server ends a watch after this, and it is resumed. */
  readonly watchMs: number
  /** Longer than `watchMs`: silence beyond it means that the connection is gone. */
  readonly silenceMs: number
  readonly minRetryMs: number
  readonly maxRetryMs: number
}

/** Suits a cluster: a lost API server is noticed within three minutes and asked again at least every ten seconds. */
export const LIST_WATCH_TIMES: ListWatchTimes = {
  watchMs: 150_000,
  silenceMs: 180_000,
  minRetryMs: 250,
  maxRetryMs: 10_000,
}

/** What following a list needs besides the list and a sink. */
export interface FollowOptions extends KubernetesApiOptions {
  readonly times: ListWatchTimes
  readonly log: Logger
  /** Ends it. */
  readonly signal: AbortSignal
}

/** One page of a list. */
const ListPage = z.object({
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().optional() }),
  items: z.array(z.unknown()),
})

/** One event of a watch. */
const WatchEvent = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.unknown(),
})

/** The `Status` in an ERROR event. */
const WatchStatus = z.object({ code: z.number(), message: z.string().optional() })

/** The position that any event carries. */
const Positioned = z.object({ metadata: z.object({ resourceVersion: z.string() }) })

/** A watch that ends sooner and without news has failed, in whatever order it ended: it must not be asked for in a loop. */
const SHORT_MS = 1_000

/** The API server no longer has the history since a position. */
class GoneError extends Error {}

/**
 * Keeps a sink in step with a list of the Kubernetes API until `signal` is aborted. Whatever fails is tried again:
 * meanwhile the sink keeps what was last known, since serving on yesterday's addresses beats not serving. Only an answer
 * that the kind does not exist empties it.
 */
export async function followList<T>(
  resource: WatchedResource<T>,
  sink: ListSink<T>,
  options: FollowOptions,
): Promise<void> {
  const { signal, times } = options
  const follower = new Follower(resource, sink, options)
  let failures = 0
  while (!signal.aborted) {
    const startedMs = performance.now()
    const isProgress = await follower.followOnce()
    failures = isProgress || performance.now() - startedMs >= SHORT_MS ? 0 : failures + 1
    const retryMs = Math.min(times.maxRetryMs, times.minRetryMs * 2 ** Math.max(0, failures - 1))
    const delay = follower.isAbsent ? (resource.absentMs ?? retryMs) : retryMs
    await sleep(delay * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined)
  }
}

class Follower<T> {
  readonly #resource: WatchedResource<T>
  readonly #sink: ListSink<T>
  readonly #options: FollowOptions
  /** Where the next watch goes on; undefined: list first. */
  #position: string | undefined
  /** What the log was told last, so that an outage is one line and not one per attempt. */
  #reported = ''
  #isAbsent = false

  constructor(resource: WatchedResource<T>, sink: ListSink<T>, options: FollowOptions) {
    this.#resource = resource
    this.#sink = sink
    this.#options = options
  }

  /** The server said last that there is no such kind. */
  get isAbsent(): boolean {
    return this.#isAbsent
  }

  /** Lists if it must, then watches until the watch ends, in whatever way. True when the position moved on. */
  async followOnce(): Promise<boolean> {
    const before = this.#position
    this.#isAbsent = false
    try {
      await this.#listAndWatch()
    } catch (error) {
      if (!this.#options.signal.aborted) this.#noteFailure(error)
    }
    return before !== undefined && this.#position !== before
  }

  async #listAndWatch(): Promise<void> {
    const session = await KubernetesSession.open(this.#options)
    try {
      if (this.#position === undefined) await this.#list(session)
      await this.#watch(session)
    } finally {
      await session.close()
    }
  }

  /** Decides from where the next attempt goes on, and whether the log hears of this one. */
  #noteFailure(error: unknown): void {
    if (error instanceof GoneError) {
      this.#position = undefined
      return
    }
    if (error instanceof KubernetesApiError) {
      this.#position = undefined
      if (error.status === 404) {
        this.#noteAbsent()
        return
      }
    }
    const hint =
      error instanceof KubernetesApiError && error.status === 403 ? ': its ServiceAccount needs list and watch' : ''
    const { title } = this.#resource
    this.#report('warn', `what is known of the ${title} is kept, and asked for again: ${messageOf(error)}${hint}`)
  }

  #noteAbsent(): void {
    this.#isAbsent = true
    this.#sink.replace([])
    this.#report('info', `the cluster has no ${this.#resource.title} yet; they are waited for`)
  }

  async #list(session: KubernetesSession): Promise<void> {
    const items: T[] = []
    let page: z.infer<typeof ListPage>
    let position = {}
    do {
      page = ListPage.parse(await session.get(this.#pathWith({ limit: '500', ...position }), this.#options.signal))
      items.push(...page.items.map((item) => this.#resource.parse(item)).filter((item) => item !== undefined))
      position = { continue: page.metadata.continue ?? '' }
    } while (page.metadata.continue !== undefined && page.metadata.continue !== '')
    this.#sink.replace(items)
    this.#position = page.metadata.resourceVersion
    this.#noteFollowing()
  }

  async #watch(session: KubernetesSession): Promise<void> {
    const { times, signal } = this.#options
    const path = this.#pathWith({
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion: this.#position ?? '',
      timeoutSeconds: String(Math.ceil(times.watchMs / 1000)),
    })
    for await (const line of session.readLines(path, signal, times.silenceMs)) this.#take(line)
  }

  #take(line: unknown): void {
    const { type, object } = WatchEvent.parse(line)
    if (type === 'ERROR') throw toError(object)
    if (type !== 'BOOKMARK') this.#apply(type, this.#resource.parse(object))
    this.#position = Positioned.parse(object).metadata.resourceVersion
    this.#noteFollowing()
  }

  #apply(type: 'ADDED' | 'MODIFIED' | 'DELETED', item: T | undefined): void {
    if (item === undefined) return
    if (type === 'DELETED') this.#sink.delete(item)
    else this.#sink.set(item)
  }

  #pathWith(query: Record<string, string>): string {
    return `${this.#resource.path}?${new URLSearchParams({ ...this.#resource.query, ...query }).toString()}`
  }

  #noteFollowing(): void {
    this.#report('info', `the ${this.#resource.title} of the cluster are followed`)
  }

  #report(level: 'info' | 'warn', message: string): void {
    if (message === this.#reported) return
    this.#reported = message
    this.#options.log[level](message)
  }
}

function toError(object: unknown): Error {
  const status = WatchStatus.safeParse(object).data
  if (status?.code === 410) return new GoneError('the watch position is too old')
  return new Error(`the watch failed: ${status?.message ?? 'unknown reason'}`)
}
