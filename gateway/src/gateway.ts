import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isIPv6 } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { followKeySecret } from './auth/key-secret.ts'
import { clientFor } from './client/client-for.ts'
import type { GatewayConfig } from './config/schema.ts'
import { LoadScraper } from './discovery/load-scraper.ts'
import { startDiscovery, type RunningDiscovery, type ServiceName } from './discovery/discovery.ts'
import type { Listener } from './exchange/listener.ts'
import { startListener } from './exchange/start-listener.ts'
import type { BackendState } from './limits/create-limiter.ts'
import { createInstruments } from './metrics/instruments.ts'
import { createMetrics } from './metrics/metrics.ts'
import { createRecorder } from './records/recorder.ts'
import { createShadow } from './records/shadow.ts'
import { createUsageSink } from './records/usage-sink.ts'
import type { Services } from './routes/call.ts'
import { SingleFlight } from './routes/single-flight.ts'
import { RouteTable } from './routes/table.ts'
import { balancerFor } from './routing/balance/policies.ts'
import { createHandler } from './server.ts'
import { Snapshots } from './snapshots.ts'
import { Admission } from './upstreams/admission.ts'
import type { Endpoint } from './upstreams/endpoint.ts'
import type { EndpointChange } from './upstreams/live-endpoint.ts'
import { EndpointRegistry } from './upstreams/registry.ts'
import { RetryBudget } from './upstreams/retry-budget.ts'

/** Time to send the ends of calls that were broken off. */
const LAST_WORDS_MS = 1_000

/** A gateway that listens. */
export interface Gateway {
  /** `http://host:port` */
  readonly url: string
  readonly port: number
  /** Of the second port; undefined without one. */
  readonly adminPort: number | undefined
  /** Brings another configuration into force; calls under way keep theirs. Where it listens stays as it was. */
  reconfigure(config: GatewayConfig): void
  /** Counts a changed configuration that was not valid. */
  noteInvalidConfig(): void
  /**
   * Says that it is not ready, for `server.drain.preStopMs`; then takes no more calls and lets those under way finish
   * for up to `server.drain.maxMs`; then breaks them off.
   */
  close(): Promise<void>
}

/** What a gateway is started with besides its configuration. */
export interface GatewayOptions {
  readonly log: Logger
  /** An admin asks to read the configuration again. */
  readonly onReload?: () => void
}

/**
 * Starts a gateway.
 *
 * @throws the system's error when it cannot listen, for example `EADDRINUSE`
 */
export async function startGateway(config: GatewayConfig, options: GatewayOptions): Promise<Gateway> {
  const gateway = new RunningGateway(config, options)
  try {
    await gateway.listen()
    return gateway
  } catch (error) {
    await gateway.close()
    throw error
  }
}

class RunningGateway implements Gateway {
  readonly #log: Logger
  readonly #metrics = createMetrics()
  readonly #registry: EndpointRegistry
  readonly #snapshots: Snapshots
  readonly #discovery: RunningDiscovery
  readonly #scraper: LoadScraper
  readonly #services: Services
  readonly #stopping = new AbortController()
  readonly #server: GatewayConfig['server']
  #main: Listener | undefined
  #admin: Listener | undefined
  #limitsBackend: 'memory' | BackendState = 'memory'

  constructor(config: GatewayConfig, { log, onReload }: GatewayOptions) {
    this.#log = log
    this.#server = config.server
    this.#registry = new EndpointRegistry({
      clientFor,
      log,
      onState: (endpoint, change) => this.#note(endpoint, change),
    })
    this.#scraper = new LoadScraper({ log, onLoad: (url, load) => this.#registry.noteLoad(url, load) })
    this.#snapshots = new Snapshots(config, {
      onEndpoints: (endpoints) => this.#scraper.follow(endpoints),
      registry: this.#registry,
      log,
      onLimitsState: (state) => (this.#limitsBackend = state),
      onRefused: () => this.#metrics.rateLimited.series().inc(),
    })
    this.#discovery = this.#startDiscovery(config)
    this.#services = this.#createServices(config, onReload)
    this.#followKeys(config)
    this.#metrics.configGeneration.series().inc()
  }

  get port(): number {
    return this.#main?.port ?? this.#server.port
  }

  get adminPort(): number | undefined {
    return this.#admin?.port
  }

  get url(): string {
    const { host } = this.#server
    return `http://${isIPv6(host) ? `[${host}]` : host}:${this.port}`
  }

  async listen(): Promise<void> {
    const { host, port, adminHost = host, adminPort, publicMetrics } = this.#server
    this.#main = await this.#open(RouteTable.forClients(publicMetrics), host, port)
    if (adminPort !== undefined) this.#admin = await this.#open(RouteTable.forAdmins(), adminHost, adminPort)
  }

  reconfigure(config: GatewayConfig): void {
    this.#snapshots.reconfigure(config)
    if (config.limits.redis === undefined) this.#limitsBackend = 'memory'
    this.#services.retryBudget.percent = config.retries.budgetPercent
    this.#discovery.followServices(servicesOf(config))
    this.#metrics.configGeneration.series().inc()
    this.#log.info({ event: 'configured' }, 'the changed configuration is in force')
  }

  noteInvalidConfig(): void {
    this.#metrics.configReloadFailures.series().inc()
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    if (this.#main !== undefined) await sleep(this.#server.drain.preStopMs)
    const listeners = [this.#main, this.#admin].filter((listener) => listener !== undefined)
    for (const listener of listeners) listener.stopAccepting()
    const timer = setTimeout(() => void this.#breakOff(listeners), this.#server.drain.maxMs)
    await Promise.all(listeners.map((listener) => listener.closed()))
    clearTimeout(timer)
    const { shadow, usage } = this.#services
    await Promise.all([shadow.close(), this.#discovery.close(), this.#scraper.close(), this.#registry.close()])
    await Promise.all([this.#snapshots.close(), usage.close()])
  }

  /** Ends the calls to upstreams first, so that a stream that is still open ends in an error event and not in silence. */
  async #breakOff(listeners: readonly Listener[]): Promise<void> {
    await this.#registry.close()
    await sleep(LAST_WORDS_MS, undefined, { ref: false })
    for (const listener of listeners) listener.destroy()
  }

  #open(routes: RouteTable, host: string, port: number): Promise<Listener> {
    return startListener({
      config: this.#server,
      host,
      port,
      handle: createHandler(this.#services, routes),
      onRefused: (code) => this.#metrics.malformedRequests.series(code).inc(),
    })
  }

  #createServices(config: GatewayConfig, onReload: (() => void) | undefined): Services {
    const log = this.#log
    const metrics = this.#metrics
    const current = (): GatewayConfig => this.#snapshots.current.config
    const admission = new Admission({ registry: this.#registry, balancerFor })
    const usage = createUsageSink({ config: current, log, onLost: (count) => metrics.usageLost.series().inc(count) })
    metrics.follow({
      endpoints: () => this.#registry.endpoints(),
      routing: () => this.#snapshots.current.routing,
      waiting: () => [...admission.waiting().values()].reduce((sum, count) => sum + count, 0),
      limitsBackend: () => this.#limitsBackend,
    })
    return {
      snapshot: () => this.#snapshots.current,
      registry: this.#registry,
      admission,
      retryBudget: new RetryBudget({ percent: config.retries.budgetPercent, now: () => performance.now() }),
      singleFlight: new SingleFlight(),
      shadow: createShadow({ snapshot: () => this.#snapshots.current, metrics, log }),
      recorder: createRecorder({ config: current, metrics, log, usage }),
      usage,
      instruments: createInstruments(metrics),
      metrics,
      log,
      limitsBackend: () => this.#limitsBackend,
      isReady: () => !this.#stopping.signal.aborted,
      reload: () => onReload?.(),
      startedAt: Math.floor(Date.now() / 1000),
    }
  }

  #startDiscovery(config: GatewayConfig): RunningDiscovery {
    const { apiUrl: url, serviceAccountDir } = config.kubernetes
    const running: RunningDiscovery = startDiscovery({
      api: url === undefined ? undefined : { url, serviceAccountDir },
      deployments: config.discovery.kind === 'kubernetes',
      log: this.#log,
      onChange: () => this.#snapshots.discover(running.discovered()),
    })
    running.followServices(servicesOf(config))
    return running
  }

  #followKeys({ auth: { secret }, kubernetes: { apiUrl, serviceAccountDir, namespace } }: GatewayConfig): void {
    if (secret === undefined || apiUrl === undefined) return
    void followKeySecret({
      apiUrl,
      serviceAccountDir,
      namespace: secret.namespace ?? namespace ?? readFileSync(join(serviceAccountDir, 'namespace'), 'utf8').trim(),
      name: secret.name,
      log: this.#log,
      signal: this.#stopping.signal,
      onKeys: (keys) => this.#snapshots.setStoredKeys(keys),
      onUnreadable: () => this.#metrics.configReloadFailures.series().inc(),
    })
  }

  #note({ upstream }: Endpoint, change: EndpointChange): void {
    if (change === 'opened') this.#metrics.circuitOpen.series(upstream).inc()
  }
}

function servicesOf({ upstreams }: Pick<GatewayConfig, 'upstreams'>): ServiceName[] {
  return upstreams.flatMap(({ service }) => (service === undefined ? [] : [service]))
}
