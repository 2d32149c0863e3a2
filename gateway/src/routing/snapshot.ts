import type { StaticUpstream } from '../config/schema.ts'

/** A model deployment of a cluster, as discovery knows it. */
export interface Deployment {
  /** Its namespace. */
  readonly project: string
  readonly name: string
  /** Everything before `/v1/…`, without a trailing slash; empty, until it has an address. */
  readonly url: string
  /** It takes requests now. */
  readonly ready: boolean
  /** What its own `/v1/models` lists, the base model first; undefined until it has been asked. */
  readonly models: readonly string[] | undefined
  /** When it was created, in seconds since 1970. */
  readonly created: number
}

/** Everything that routing decides on, at one moment. Replaced as a whole, so that a request sees one state. */
export interface RoutingSnapshot {
  readonly upstreams: ReadonlyMap<string, StaticUpstream>
  readonly defaultUpstream: StaticUpstream | undefined
  /** By `<project>/<deployment>`. */
  readonly deployments: ReadonlyMap<string, Deployment>
  /** Ready deployments by the model ids they serve. */
  readonly byModel: ReadonlyMap<string, readonly Deployment[]>
}

/** The name under which exactly one deployment is reached: `<project>/<deployment>`. */
export function addressOf({ project, name }: Pick<Deployment, 'project' | 'name'>): string {
  return `${project}/${name}`
}

/** Indexes the static upstreams and the deployments for {@link RoutingSnapshot}. */
export function assembleSnapshot(
  config: { readonly upstreams: readonly StaticUpstream[]; readonly defaultUpstream?: string | undefined },
  deployments: Iterable<Deployment>,
): RoutingSnapshot {
  const upstreams = new Map(config.upstreams.map((upstream) => [upstream.name, upstream]))
  const byAddress = new Map<string, Deployment>()
  const byModel = new Map<string, Deployment[]>()
  for (const deployment of deployments) {
    byAddress.set(addressOf(deployment), deployment)
    if (!deployment.ready) continue
    for (const model of new Set(deployment.models)) byModel.set(model, [...(byModel.get(model) ?? []), deployment])
  }
  const defaultUpstream = config.defaultUpstream === undefined ? undefined : upstreams.get(config.defaultUpstream)
  return { upstreams, defaultUpstream, deployments: byAddress, byModel }
}
