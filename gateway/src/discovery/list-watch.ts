import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { messageOf } from '../errors.ts'
import {
  InferenceServiceList,
  parseInferenceService,
  Positioned,
  WatchEvent,
  WatchStatus,
  type ObservedService,
} from './inference-services.ts'
import { KubernetesApiError, KubernetesSession, type KubernetesApiOptions } from './kubernetes-api.ts'

const PATH = '/apis/serving.kserve.io/v1beta1/inferenceservices'

/** Where the observed state goes. */
export interface ServiceSink {
  /** All there is. */
  replace(services: readonly ObservedService[]): void
  set(service: ObservedService): void
  delete(service: ObservedService): void
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

/** A watch that ends sooner and without news has failed, in whatever order it ended: it must not be asked for in a loop. */
const SHORT_MS = 1_000

/** The API server no longer has the history since a position. */
class GoneError extends Error {}

/**
 * Keeps a sink in step with the InferenceServices of all namespaces until `signal` is aborted. Whatever fails is tried
 * again: meanwhile the sink keeps what was last known, since serving on yesterday's addresses beats not serving. Only
 * an answer that the kind does not exist empties it.
 */
export async function followInferenceServices(
  sink: ServiceSink,
  options: KubernetesApiOptions & {
    readonly times: ListWatchTimes
    readonly log: Logger
    readonly signal: AbortSignal
  },
): Promise<void> {
  const { signal, times } = options
  const follower = new Follower(sink, options)
  let failures = 0
  while (!signal.aborted) {
    const startedMs = performance.now()
    const isProgress = await follower.followOnce()
    failures = isProgress || performance.now() - startedMs >= SHORT_MS ? 0 : failures + 1
    const delay = Math.min(times.maxRetryMs, times.minRetryMs * 2 ** Math.max(0, failures - 1))
    await sleep(delay * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined)
  }
}

class Follower {
  readonly #sink: ServiceSink
  readonly #options: Parameters<typeof followInferenceServices>[1]
  /** Where the next watch goes on; undefined: list first. */
  #position: string | undefined
  /** What the log was told last, so that an outage is one line and not one per attempt. */
  #reported = ''

  constructor(sink: ServiceSink, options: Parameters<typeof followInferenceServices>[1]) {
    this.#sink = sink
    this.#options = options
  }

  /** Lists if it must, then watches until the watch ends, in whatever way. True when the position moved on. */
  async followOnce(): Promise<boolean> {
    const before = this.#position
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
    this.#report('warn', `discovery keeps what it knows and tries again: ${messageOf(error)}${hint}`)
  }

  #noteAbsent(): void {
    this.#sink.replace([])
    this.#report('info', 'the cluster has no InferenceServices yet; discovery waits for KServe')
  }

  async #list(session: KubernetesSession): Promise<void> {
    const services: ObservedService[] = []
    let page: { resourceVersion: string; continue?: string | undefined }
    let query = 'limit=500'
    do {
      const list = InferenceServiceList.parse(await session.get(`${PATH}?${query}`, this.#options.signal))
      services.push(...list.items.map(parseInferenceService).filter((service) => service !== undefined))
      page = list.metadata
      query = `limit=500&continue=${encodeURIComponent(page.continue ?? '')}`
    } while (page.continue !== undefined && page.continue !== '')
    this.#sink.replace(services)
    this.#position = page.resourceVersion
    this.#report('info', 'discovery follows the InferenceServices of the cluster')
  }

  async #watch(session: KubernetesSession): Promise<void> {
    const { times, signal } = this.#options
    const query = new URLSearchParams({
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion: this.#position ?? '',
      timeoutSeconds: String(Math.ceil(times.watchMs / 1000)),
    })
    for await (const line of session.readLines(`${PATH}?${query.toString()}`, signal, times.silenceMs)) this.#take(line)
  }

  #take(line: unknown): void {
    const { type, object } = WatchEvent.parse(line)
    if (type === 'ERROR') throw toError(object)
    if (type !== 'BOOKMARK') this.#apply(type, parseInferenceService(object))
    this.#position = Positioned.parse(object).metadata.resourceVersion
    this.#report('info', 'discovery follows the InferenceServices of the cluster')
  }

  #apply(type: 'ADDED' | 'MODIFIED' | 'DELETED', service: ObservedService | undefined): void {
    if (service === undefined) return
    if (type === 'DELETED') this.#sink.delete(service)
    else this.#sink.set(service)
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
