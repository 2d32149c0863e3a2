import { performance } from 'node:perf_hooks'
import type { Logger } from 'pino'
import type { ClientOptions, UpstreamClient } from '../client/upstream-client.ts'
import { Timeouts, type UpstreamSettings } from '../config/schema/upstreams.ts'
import type { Endpoint, ServerLoad } from './endpoint.ts'
import { HealthCheck } from './health-check.ts'
import { LiveEndpoint, type EndpointChange } from './live-endpoint.ts'

const DEFAULT_TIMEOUTS = Timeouts.parse({})

/** Time for a request that chose by the configuration of a moment ago to begin its call. */
const LINGER_MS = 1_000

/** What a registry works with. */
export interface RegistryOptions {
  readonly clientFor: (url: string, options: ClientOptions) => UpstreamClient
  /** Monotonic milliseconds. */
  readonly now?: () => number
  readonly log: Pick<Logger, 'info' | 'warn'>
  /** For metrics; the log line is written here. */
  readonly onState?: (endpoint: Endpoint, change: EndpointChange) => void
  /** How long a removed endpoint without calls keeps its client. Default: 1 s. */
  readonly lingerMs?: number
}

/** Every change of an endpoint, in the words of the log. */
const CHANGES: Readonly<Record<EndpointChange, string>> = {
  opened: 'an endpoint fails again and again: it gets no calls until its breaker lets one try',
  half_opened: 'an endpoint gets one call, to try',
  closed: 'an endpoint works again: it gets calls',
  unhealthy: 'an endpoint fails its health checks: it gets no calls',
  healthy: 'an endpoint passes its health checks again',
  removed: 'an endpoint is gone',
}

/** What the registry keeps for one address. */
interface Entry {
  readonly endpoint: LiveEndpoint
  readonly clientOptions: ClientOptions
  readonly check: HealthCheck | undefined
  /** Runs while it is removed and without calls. */
  lingering: NodeJS.Timeout | undefined
}

/** The endpoints of all upstreams. One is kept over reloads, with its breaker and its connections. */
export class EndpointRegistry {
  readonly #options: RegistryOptions
  readonly #now: () => number
  readonly #entries = new Map<string, Entry>()
  /** Those that another one replaced at the same address, until their calls end. */
  readonly #replaced = new Map<LiveEndpoint, Entry>()
  readonly #freedListeners: ((endpoint: Endpoint) => void)[] = []

  constructor(options: RegistryOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  /** Every endpoint that takes calls. */
  endpoints(): readonly LiveEndpoint[] {
    return [...this.#entries.values()].map(({ endpoint }) => endpoint).filter(({ isRemoved }) => !isRemoved)
  }

  /**
   * The endpoint of an upstream at an address. One that exists takes the settings over; calls under way go on by theirs.
   * Other connection settings need another client, and thereby another endpoint: the present one is removed.
   */
  ensure(upstream: string, url: string, settings: UpstreamSettings): Endpoint {
    const key = `${upstream}\n${url}`
    const clientOptions = clientOptionsOf(settings)
    const entry = this.#entries.get(key)
    if (entry !== undefined && isSame(entry.clientOptions, clientOptions)) return reuse(entry, settings)
    const added = this.#create(upstream, url, settings, clientOptions)
    this.#entries.set(key, added)
    if (entry !== undefined) this.#replace(entry)
    return added.endpoint
  }

  /** Removes all other endpoints: they get no new calls, and their clients are closed when the present ones are over. */
  retain(endpoints: Iterable<Endpoint>): void {
    const kept = new Set(endpoints)
    for (const entry of this.#entries.values()) if (!kept.has(entry.endpoint)) this.#remove(entry)
  }

  /** Notes what the servers at an address say of their load. */
  noteLoad(url: string, load: ServerLoad): void {
    for (const { endpoint } of this.#entries.values()) if (endpoint.url === url) endpoint.load = load
  }

  /** Calls `listener` after each call, and when an endpoint may take calls that it did not take before, or takes none. */
  whenFreed(listener: (endpoint: Endpoint) => void): void {
    this.#freedListeners.push(listener)
  }

  /** Breaks off what is under way and closes all clients. */
  async close(): Promise<void> {
    const entries = [...this.#entries.values(), ...this.#replaced.values()]
    this.#entries.clear()
    this.#replaced.clear()
    await Promise.all(entries.map(closeEntry))
  }

  #create(upstream: string, url: string, settings: UpstreamSettings, clientOptions: ClientOptions): Entry {
    const client = this.#options.clientFor(url, clientOptions)
    const listener = { changed: this.#changed, freed: this.#freed }
    const endpoint = new LiveEndpoint({ upstream, url, settings, client, now: this.#now, listener })
    return { endpoint, clientOptions, check: this.#checkOf(endpoint, clientOptions), lingering: undefined }
  }

  /** Only what answers HTTP can be asked; it is, over a connection of its own, which is new each time. */
  #checkOf(endpoint: LiveEndpoint, { connectMs }: ClientOptions): HealthCheck | undefined {
    if (!/^https?:/.test(endpoint.url)) return undefined
    return new HealthCheck({
      client: this.#options.clientFor(endpoint.url, { connectMs, idleMs: 1, maxConnections: 1 }),
      settings: () => endpoint.settings.health,
      onVerdict: (isHealthy) => endpoint.setHealthy(isHealthy),
    })
  }

  #replace(entry: Entry): void {
    this.#replaced.set(entry.endpoint, entry)
    this.#remove(entry)
  }

  #remove(entry: Entry): void {
    entry.endpoint.remove()
    this.#closeWhenIdle(entry)
  }

  readonly #changed = (endpoint: LiveEndpoint, change: EndpointChange): void => {
    const { upstream, url } = endpoint
    const isBad = change === 'opened' || change === 'unhealthy'
    this.#options.log[isBad ? 'warn' : 'info']({ event: 'endpoint', upstream, url, change }, CHANGES[change])
    this.#options.onState?.(endpoint, change)
  }

  readonly #freed = (endpoint: LiveEndpoint): void => {
    for (const listener of this.#freedListeners) listener(endpoint)
    if (!endpoint.isRemoved) return
    const entry = this.#replaced.get(endpoint) ?? this.#entries.get(`${endpoint.upstream}\n${endpoint.url}`)
    if (entry?.endpoint === endpoint) this.#closeWhenIdle(entry)
  }

  #closeWhenIdle(entry: Entry): void {
    clearTimeout(entry.lingering)
    if (entry.endpoint.inFlight > 0) return
    const forget = (): void => {
      if (entry.endpoint.inFlight > 0 || !entry.endpoint.isRemoved) return
      this.#forget(entry.endpoint)
      void closeEntry(entry)
    }
    entry.lingering = setTimeout(forget, this.#options.lingerMs ?? LINGER_MS).unref()
  }

  #forget(endpoint: LiveEndpoint): void {
    if (this.#replaced.delete(endpoint)) return
    this.#entries.delete(`${endpoint.upstream}\n${endpoint.url}`)
  }
}

function reuse(entry: Entry, settings: UpstreamSettings): Endpoint {
  clearTimeout(entry.lingering)
  entry.endpoint.configure(settings)
  return entry.endpoint
}

async function closeEntry({ endpoint, check, lingering }: Entry): Promise<void> {
  clearTimeout(lingering)
  await Promise.all([endpoint.close(), check?.close()])
}

function clientOptionsOf({ timeouts, pool }: UpstreamSettings): ClientOptions {
  const { connectMs } = timeouts ?? DEFAULT_TIMEOUTS
  return { connectMs, idleMs: pool.idleMs, maxConnections: pool.maxConnections }
}

function isSame(one: ClientOptions, other: ClientOptions): boolean {
  return one.connectMs === other.connectMs && one.idleMs === other.idleMs && one.maxConnections === other.maxConnections
}
