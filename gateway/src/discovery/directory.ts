import type { Logger } from 'pino'
import { messageOf } from '../errors.ts'
import { addressOf, type Deployment, type ServedModel } from '../routing/snapshot.ts'
import type { ObservedService } from './inference-services.ts'
import type { ListSink } from './list-watch.ts'
import type { ModelLister } from './model-ids.ts'

/** When model ids are asked for, in milliseconds. */
export interface RefreshTimes {
  /** Adapters come and go while a server runs. */
  readonly refreshMs: number
  /** After a server could not be asked for the first time; doubled each time after. */
  readonly firstRetryMs: number
  /** The longest wait for a server that does not answer. */
  readonly maxRetryMs: number
}

/**
 * Every 30 s. A server that has just become ready may not be reachable for a moment, while its endpoint travels to every
 * node: the first retries come soon, so that it can be used right away.
 */
export const REFRESH_TIMES: RefreshTimes = { refreshMs: 30_000, firstRetryMs: 50, maxRetryMs: 1_000 }

/** The failure in a row that is worth a warning: about a second after a server should have answered. */
const REPORTED_AFTER = 5

interface Entry {
  readonly service: ObservedService
  models: readonly ServedModel[] | undefined
  timer: NodeJS.Timeout | undefined
  /** How often in a row its server could not be asked. */
  failures: number
  /** Ends the question that is being asked. */
  readonly asking: AbortController
}

/** What a {@link DeploymentDirectory} works with. */
export interface DirectoryOptions {
  readonly lister: ModelLister
  readonly times: RefreshTimes
  readonly log: Logger
  /** The addresses of the pods of a Service, given as `<namespace>/<name>`; empty, where they are not known. */
  readonly serversOf: (service: string) => readonly string[]
  /** Called after every change. */
  readonly onChange: () => void
}

/** The deployments that discovery knows, each with the models that its server says it serves. */
export class DeploymentDirectory implements ListSink<ObservedService> {
  readonly #options: DirectoryOptions
  readonly #entries = new Map<string, Entry>()

  constructor(options: DirectoryOptions) {
    this.#options = options
  }

  list(): Deployment[] {
    return [...this.#entries.values()].map(({ service: { service, ...observed }, models }) => {
      return { ...observed, servers: this.#serversOf({ ...observed, service }), models }
    })
  }

  replace(services: readonly ObservedService[]): void {
    const present = new Set(services.map(addressOf))
    for (const address of this.#entries.keys()) if (!present.has(address)) this.#drop(address)
    for (const service of services) this.#put(service)
    this.#options.onChange()
  }

  set(service: ObservedService): void {
    this.#put(service)
    this.#options.onChange()
  }

  delete(service: ObservedService): void {
    this.#drop(addressOf(service))
    this.#options.onChange()
  }

  close(): void {
    for (const address of this.#entries.keys()) this.#drop(address)
  }

  /** The pods of a service, at the path that its own address has. */
  #serversOf({ project, service, url }: ObservedService): readonly string[] {
    if (service === undefined || url === '') return []
    const path = new URL(url).pathname.replace(/\/$/, '')
    return this.#options.serversOf(`${project}/${service}`).map((server) => server + path)
  }

  /** Takes a service in. Any change of a ready one is a reason to ask again: it may run another model now. */
  #put(service: ObservedService): void {
    const address = addressOf(service)
    const known = this.#entries.get(address)
    this.#drop(address)
    const models = known?.service.url === service.url ? known.models : undefined
    const failures = known?.failures ?? 0
    const entry: Entry = { service, models, timer: undefined, failures, asking: new AbortController() }
    this.#entries.set(address, entry)
    if (service.ready) void this.#refresh(entry)
  }

  #drop(address: string): void {
    const entry = this.#entries.get(address)
    if (entry === undefined) return
    clearTimeout(entry.timer)
    entry.asking.abort()
    this.#entries.delete(address)
  }

  /** Asks the server of an entry, keeps what was known when it does not answer, and plans the next time. */
  async #refresh(entry: Entry): Promise<void> {
    const { lister, times, log, onChange } = this.#options
    const { signal } = entry.asking
    let delay = times.refreshMs
    try {
      const [server = entry.service.url] = this.#serversOf(entry.service)
      const models = await lister.list(server, signal)
      if (signal.aborted) return
      const isNew = JSON.stringify(models) !== JSON.stringify(entry.models)
      entry.models = models
      entry.failures = 0
      if (isNew) onChange()
    } catch (error) {
      if (signal.aborted) return
      delay = Math.min(times.firstRetryMs * 2 ** entry.failures, times.maxRetryMs)
      entry.failures++
      const level = entry.failures === REPORTED_AFTER ? 'warn' : 'debug'
      log[level]({ deployment: addressOf(entry.service) }, `its models cannot be asked for: ${messageOf(error)}`)
    }
    entry.timer = setTimeout(() => void this.#refresh(entry), delay)
  }
}
