import type { Logger } from 'pino'
import { addressOf, NOTHING_DISCOVERED, type Discovered } from '../routing/snapshot.ts'
import { DeploymentDirectory, REFRESH_TIMES } from './directory.ts'
import { addressesOf, endpointSlices, endpointSlicesOf, keyOfService } from './endpoint-slices.ts'
import { INFERENCE_SERVICES } from './inference-services.ts'
import type { KubernetesApiOptions } from './kubernetes-api.ts'
import { followList, LIST_WATCH_TIMES, type ListSink, type ListWatchTimes, type WatchedResource } from './list-watch.ts'
import { createModelLister } from './model-ids.ts'
import { NIM_SERVICES } from './nim-services.ts'
import { SliceDirectory } from './slice-directory.ts'

/** What to find, and where. */
export interface DiscoveryOptions {
  /** The API server; without it nothing is found. */
  readonly api: KubernetesApiOptions | undefined
  /** InferenceServices and NIMServices are followed, not only the Services of {@link RunningDiscovery.followServices}. */
  readonly deployments: boolean
  readonly log: Logger
  /** Called once after each burst of news. */
  readonly onChange: () => void
  readonly times?: ListWatchTimes
}

/** A Kubernetes Service. */
export interface ServiceName {
  readonly namespace: string
  readonly name: string
}

/** A running discovery. */
export interface RunningDiscovery {
  /** What is known now. */
  discovered(): Discovered
  /** Follows the servers of these Services, and no longer those of others. */
  followServices(services: Iterable<ServiceName>): void
  close(): Promise<void>
}

/** A start of fifty pods is one change of the routes, not fifty. */
const BURST_MS = 10

/** Starts to find what can be routed to. */
export function startDiscovery({ api, ...options }: DiscoveryOptions): RunningDiscovery {
  if (api !== undefined) return new KubernetesDiscovery({ ...options, api })
  return { discovered: () => NOTHING_DISCOVERED, followServices: () => undefined, close: () => Promise.resolve() }
}

interface FollowedService {
  readonly slices: SliceDirectory
  readonly stopping: AbortController
}

class KubernetesDiscovery implements RunningDiscovery {
  readonly #options: DiscoveryOptions & { readonly api: KubernetesApiOptions }
  readonly #lister = createModelLister()
  readonly #stopping = new AbortController()
  readonly #following = new Set<Promise<void>>()
  readonly #services = new Map<string, FollowedService>()
  /** Where both of a name exist, KServe runs the NIM: the InferenceService says more. */
  readonly #deployments: readonly DeploymentDirectory[]
  #burst: NodeJS.Timeout | undefined

  constructor(options: DiscoveryOptions & { readonly api: KubernetesApiOptions }) {
    this.#options = options
    this.#deployments = options.deployments ? [this.#followInferenceServices(), this.#followNIMServices()] : []
  }

  discovered(): Discovered {
    const found = this.#deployments.flatMap((directory) => directory.list())
    const deployments = new Map(found.toReversed().map((deployment) => [addressOf(deployment), deployment]))
    const slices = new Map([...this.#services].map(([key, service]) => [key, service.slices.of(key)]))
    return { deployments: [...deployments.values()].toReversed(), slices }
  }

  followServices(services: Iterable<ServiceName>): void {
    const wanted = new Map([...services].map((service) => [keyOfService(service), service]))
    for (const [key, { stopping }] of this.#services) {
      if (wanted.has(key)) continue
      stopping.abort()
      this.#services.delete(key)
    }
    for (const [key, service] of wanted) {
      if (this.#services.has(key)) continue
      const stopping = new AbortController()
      const slices = new SliceDirectory(this.#noteChange)
      this.#services.set(key, { slices, stopping })
      this.#follow(endpointSlicesOf(service), slices, stopping.signal)
    }
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    clearTimeout(this.#burst)
    for (const { stopping } of this.#services.values()) stopping.abort()
    for (const directory of this.#deployments) directory.close()
    await Promise.all(this.#following)
    await this.#lister.close()
  }

  #followInferenceServices(): DeploymentDirectory {
    const slices = endpointSlices('EndpointSlices of InferenceServices', 'serving.kserve.io/inferenceservice')
    return this.#followDeployments(INFERENCE_SERVICES, slices)
  }

  #followNIMServices(): DeploymentDirectory {
    const slices = endpointSlices('EndpointSlices of NIMServices', 'app.kubernetes.io/part-of=nim-service')
    return this.#followDeployments(NIM_SERVICES, slices)
  }

  #followDeployments(
    services: typeof INFERENCE_SERVICES,
    servers: ReturnType<typeof endpointSlices>,
  ): DeploymentDirectory {
    const { log } = this.#options
    const slices = new SliceDirectory(this.#noteChange)
    const serversOf = (service: string): string[] => addressesOf(slices.of(service))
    const onChange = this.#noteChange
    const directory = new DeploymentDirectory({
      lister: this.#lister,
      times: REFRESH_TIMES,
      log,
      serversOf,
      onChange,
    })
    this.#follow(servers, slices, this.#stopping.signal)
    this.#follow(services, directory, this.#stopping.signal)
    return directory
  }

  #follow<T>(resource: WatchedResource<T>, sink: ListSink<T>, signal: AbortSignal): void {
    const { api, log, times = LIST_WATCH_TIMES } = this.#options
    const following = followList(resource, sink, { ...api, times, log, signal })
    this.#following.add(following)
    void following.finally(() => this.#following.delete(following))
  }

  readonly #noteChange = (): void => {
    if (this.#stopping.signal.aborted) return
    this.#burst ??= setTimeout(() => {
      this.#burst = undefined
      this.#options.onChange()
    }, BURST_MS)
  }
}
