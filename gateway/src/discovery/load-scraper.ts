import { performance } from 'node:perf_hooks'
import type { Logger } from 'pino'
import { Agent, request } from 'undici'
import { messageOf } from '../errors.ts'
import type { Endpoint, ServerLoad } from '../upstreams/endpoint.ts'
import { parseServerMetrics } from './server-metrics.ts'

/** Where servers publish their metrics: vLLM, SGLang and TensorRT-LLM; NIM. */
const PATHS = ['/metrics', '/v1/metrics'] as const

/** A busy vLLM writes some 200 KiB. */
const MAX_BYTES = 4 * 1024 * 1024

/** How long a server has for its metrics, unless it is asked more often. */
const TIMEOUT_MS = 2_000

/** When a server is asked again that does not say what it has to do. */
const SILENT_MS = 30_000

/** What a {@link LoadScraper} works with. */
export interface LoadScraperOptions {
  readonly log: Pick<Logger, 'debug'>
  /** Takes what the servers at an address said. */
  readonly onLoad: (url: string, load: ServerLoad) => void
  /** Monotonic milliseconds, for `ServerLoad.atMs`. */
  readonly now?: () => number
  /** When a server is asked again that does not say what it has to do. Default: 30 s. */
  readonly silentMs?: number
}

interface Scraped {
  intervalMs: number
  readonly stopping: AbortController
  timer: NodeJS.Timeout | undefined
}

/** Asks the servers of upstreams with the policy `leastLoaded`, again and again, what they have to do. */
export class LoadScraper {
  readonly #options: LoadScraperOptions
  readonly #agent = new Agent({
    allowH2: false,
    connect: { timeout: TIMEOUT_MS },
    maxResponseSize: MAX_BYTES,
    keepAliveTimeout: 3_000,
  })
  readonly #scraped = new Map<string, Scraped>()

  constructor(options: LoadScraperOptions) {
    this.#options = options
  }

  /** Asks the servers of these endpoints from now on, as far as their policy wants it, and no others. */
  follow(endpoints: Iterable<Endpoint>): void {
    const wanted = new Map<string, number>()
    for (const { url, settings } of endpoints) {
      const { policy, scrape } = settings.balance
      if (policy !== 'leastLoaded' || !/^https?:/.test(url)) continue
      wanted.set(url, Math.min(scrape.intervalMs, wanted.get(url) ?? Infinity))
    }
    for (const url of this.#scraped.keys()) if (!wanted.has(url)) this.#stop(url)
    for (const [url, intervalMs] of wanted) this.#start(url, intervalMs)
  }

  async close(): Promise<void> {
    for (const url of this.#scraped.keys()) this.#stop(url)
    await this.#agent.destroy()
  }

  #start(url: string, intervalMs: number): void {
    const known = this.#scraped.get(url)
    if (known !== undefined) {
      known.intervalMs = intervalMs
      return
    }
    const scraped: Scraped = { intervalMs, stopping: new AbortController(), timer: undefined }
    this.#scraped.set(url, scraped)
    void this.#ask(url, scraped)
  }

  #stop(url: string): void {
    const scraped = this.#scraped.get(url)
    scraped?.stopping.abort()
    clearTimeout(scraped?.timer)
    this.#scraped.delete(url)
  }

  /** Asks once and plans the next time, which is never at the same moment for all servers. */
  async #ask(url: string, scraped: Scraped): Promise<void> {
    const { log, onLoad, now = () => performance.now(), silentMs = SILENT_MS } = this.#options
    const { signal } = scraped.stopping
    let isSilent = false
    try {
      const load = await this.#read(url, AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]))
      if (signal.aborted) return
      if (load === undefined) isSilent = true
      else onLoad(url, { ...load, atMs: now() })
    } catch (error) {
      if (signal.aborted) return
      log.debug({ url }, `its metrics cannot be read: ${messageOf(error)}`)
    }
    const delay = isSilent ? silentMs : scraped.intervalMs
    scraped.timer = setTimeout(() => void this.#ask(url, scraped), delay * (0.9 + Math.random() / 5)).unref()
  }

  /** The first of the paths that says it; undefined, if none does. */
  async #read(url: string, signal: AbortSignal): Promise<{ running: number; waiting: number } | undefined> {
    for (const path of PATHS) {
      const { statusCode, body } = await request(url + path, { dispatcher: this.#agent, signal })
      if (statusCode >= 500) {
        await body.dump()
        throw new Error(`${path} answered ${statusCode}`)
      }
      if (statusCode === 200) {
        const load = parseServerMetrics(await body.text())
        if (load !== undefined) return load
      } else await body.dump()
    }
    return undefined
  }
}
