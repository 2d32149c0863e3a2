import type { RoutingSnapshot } from '../routing/snapshot.ts'

/** What labels can say now, by their name. One that is not among them takes its values from a set that never changes. */
export type LiveLabels = ReadonlyMap<string, ReadonlySet<string>>

/** The upstreams and models that are configured or discovered: labels of anything else are of something gone. */
export function liveLabelsOf({ upstreams, deployments, models, byModel }: RoutingSnapshot): LiveLabels {
  const upstreamNames = new Set([...upstreams.keys(), ...deployments.keys()])
  const modelNames = new Set([
    'other',
    ...upstreams.keys(),
    ...byModel.keys(),
    ...[...models.values()].map(({ id }) => id),
    // A server that lists no models is asked for one of its deployment's name.
    ...[...deployments.values()].map(({ name }) => name),
  ])
  return new Map([
    ['upstream', upstreamNames],
    ['model', modelNames],
    ['from_model', modelNames],
    ['to_model', modelNames],
  ])
}
