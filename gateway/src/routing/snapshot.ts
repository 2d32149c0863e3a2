import type {
  FallbackCause,
  GatewayConfig,
  ModelConfig,
  RouteConfig,
  StaticUpstream,
  UpstreamSettings,
} from '../config/schema.ts'
import { addressesOf, keyOfService, type EndpointSlice } from '../discovery/endpoint-slices.ts'
import type { Endpoint } from '../upstreams/endpoint.ts'
import type { Arm, Candidate } from './candidate.ts'
import { createPlanCache, type PlanCache } from './plan-cache.ts'

/** One model that a server lists. */
export interface ServedModel {
  readonly id: string
  /** The model that it adapts, for a LoRA adapter. */
  readonly base?: string | undefined
}

/** A model deployment of a cluster, as discovery knows it. */
export interface Deployment {
  /** Its namespace. */
  readonly project: string
  readonly name: string
  /** Of its Service: everything before `/v1/…`, without a trailing slash; empty, until it has an address. */
  readonly url: string
  /** The same of each of its pods; empty, where they are not known: then the Service stands for them. */
  readonly servers: readonly string[]
  /** It takes requests now. */
  readonly ready: boolean
  /** Somebody stopped it or deletes it: it is meant to take none. */
  readonly stopped: boolean
  /** What its own `/v1/models` lists, the base model first; undefined until it has been asked. */
  readonly models: readonly ServedModel[] | undefined
  /** When it was created, in seconds since 1970. */
  readonly created: number
}

/** What discovery has found so far. */
export interface Discovered {
  readonly deployments: readonly Deployment[]
  /** The slices of the Services that upstreams name, by `<namespace>/<name>`. */
  readonly slices: ReadonlyMap<string, readonly EndpointSlice[]>
}

export const NOTHING_DISCOVERED: Discovered = { deployments: [], slices: new Map() }

/** Servers that are equally good, whatever model is asked of them. */
export type Pool = Omit<Arm, 'model'>

/** A deployment and its servers. */
export interface RoutedDeployment extends Deployment {
  readonly pool: Pool
}

/** A deployment that serves a model. */
export interface Serving {
  readonly deployment: RoutedDeployment
  readonly base: string | undefined
}

/** A model of the configuration. */
export interface RoutedModel {
  readonly id: string
  /** Where its route leads; undefined for a model that is found by its id. */
  readonly route: Pick<Candidate, 'arms' | 'sticky'> | undefined
  readonly fallbacks: readonly string[]
  readonly fallbackOn: ReadonlySet<FallbackCause>
}

/** Everything that routing decides on, at one moment. Replaced as a whole, so that a request sees one state. */
export interface RoutingSnapshot {
  /** Static upstreams, by name. */
  readonly upstreams: ReadonlyMap<string, Pool>
  readonly defaultUpstream: Pool | undefined
  /** By id and by alias. */
  readonly models: ReadonlyMap<string, RoutedModel>
  /** By `<project>/<deployment>`. */
  readonly deployments: ReadonlyMap<string, RoutedDeployment>
  /** By the ids of the models that they serve. */
  readonly byModel: ReadonlyMap<string, readonly Serving[]>
  /** All that is routed to. */
  readonly endpoints: readonly Endpoint[]
  readonly plans: PlanCache
}

/** The part of the configuration that routing depends on. */
export type RoutingConfig = Pick<
  GatewayConfig,
  'upstreams' | 'defaultUpstream' | 'models' | 'upstreamDefaults' | 'timeouts'
>

/** Gives the one endpoint of an upstream at an address. */
export interface EndpointSource {
  ensure(upstream: string, url: string, settings: UpstreamSettings): Endpoint
}

/** The name under which exactly one deployment is reached: `<project>/<deployment>`. */
export function addressOf({ project, name }: Pick<Deployment, 'project' | 'name'>): string {
  return `${project}/${name}`
}

/** Indexes what is configured and what was discovered for {@link RoutingSnapshot}. */
export function assembleSnapshot(
  config: RoutingConfig,
  discovered: Discovered,
  registry: EndpointSource,
): RoutingSnapshot {
  const upstreams = new Map(
    config.upstreams.map((upstream) => [upstream.name, poolOfUpstream(upstream, config, discovered, registry)]),
  )
  const settings = settingsOf(config.upstreamDefaults, config)
  const deployments = discovered.deployments.map((deployment) => routeDeployment(deployment, settings, registry))
  return {
    upstreams,
    defaultUpstream: config.defaultUpstream === undefined ? undefined : upstreams.get(config.defaultUpstream),
    models: indexModels(config.models, upstreams),
    deployments: new Map(deployments.map((deployment) => [addressOf(deployment), deployment])),
    byModel: indexServings(deployments),
    endpoints: [...upstreams.values(), ...deployments.map(({ pool }) => pool)].flatMap(({ endpoints }) => endpoints),
    plans: createPlanCache(),
  }
}

function settingsOf<T extends Pick<UpstreamSettings, 'timeouts'>>(settings: T, { timeouts }: RoutingConfig): T {
  return { ...settings, timeouts: settings.timeouts ?? timeouts }
}

function poolOfUpstream(
  upstream: StaticUpstream,
  config: RoutingConfig,
  { slices }: Discovered,
  registry: EndpointSource,
): Pool {
  const { name, url, service, ...own } = upstream
  const settings = settingsOf(own, config)
  const urls = url === undefined ? [] : [url]
  if (service !== undefined) urls.push(...addressesOf(slices.get(keyOfService(service)) ?? [], service.port))
  return { upstream: name, settings, endpoints: urls.map((server) => registry.ensure(name, server, settings)) }
}

function routeDeployment(
  deployment: Deployment,
  settings: UpstreamSettings,
  registry: EndpointSource,
): RoutedDeployment {
  const upstream = addressOf(deployment)
  const { ready, servers, url } = deployment
  const urls = ready ? (servers.length > 0 ? servers : [url]) : []
  const endpoints = urls.map((server) => registry.ensure(upstream, server, settings))
  return { ...deployment, pool: { upstream, settings, endpoints } }
}

function indexServings(deployments: readonly RoutedDeployment[]): Map<string, Serving[]> {
  const byModel = new Map<string, Serving[]>()
  for (const deployment of deployments) {
    const models = new Map(deployment.models?.map(({ id, base }) => [id, base]))
    for (const [id, base] of models) {
      const servings = byModel.get(id)
      if (servings === undefined) byModel.set(id, [{ deployment, base }])
      else servings.push({ deployment, base })
    }
  }
  return byModel
}

function indexModels(
  models: readonly ModelConfig[],
  upstreams: ReadonlyMap<string, Pool>,
): ReadonlyMap<string, RoutedModel> {
  return new Map(
    models.flatMap((model) => {
      const routed: RoutedModel = {
        id: model.id,
        route: routeOf(model, upstreams),
        fallbacks: model.fallback?.models ?? [],
        fallbackOn: new Set(model.fallback?.on),
      }
      return [model.id, ...model.aliases].map((name) => [name, routed] as const)
    }),
  )
}

/** A model that only says how it is named at some upstreams is served by these, one as good as the other. */
function routeOf(model: ModelConfig, upstreams: ReadonlyMap<string, Pool>): RoutedModel['route'] {
  const { id, route, served } = model
  const weights = route === undefined ? Object.keys(served).map((name) => [name, 1] as const) : weightsOf(route)
  const total = new Map<string, number>()
  for (const [name, weight] of weights) total.set(name, (total.get(name) ?? 0) + weight)
  const arms = [...total].flatMap(([name, weight]) => {
    const pool = upstreams.get(name)
    return pool === undefined || weight <= 0 ? [] : [{ arm: { ...pool, model: served[name] ?? id }, weight }]
  })
  if (arms.length === 0) return undefined
  return { arms, sticky: route === undefined || route.strategy === 'direct' ? 'caller' : route.sticky }
}

function weightsOf(route: RouteConfig): (readonly [name: string, weight: number])[] {
  switch (route.strategy) {
    case 'direct':
      return [[route.target, 1]]
    case 'weighted':
      return route.targets.map(({ name, weight }) => [name, weight])
    case 'canary':
      return [
        [route.primary, 100 - route.percent],
        [route.canary, route.percent],
      ]
    default:
      return route satisfies never
  }
}
