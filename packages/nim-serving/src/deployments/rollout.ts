import { rolloutBounds } from '@nexus/kube'
import type { Deployment, Node, PersistentVolume, PersistentVolumeClaim, Pod, PodSpec } from '@nexus/kube'
import { obstaclesOnNode, reachesVolume } from './node-fit.ts'

/** What a rollout is planned from. */
export interface RolloutFacts {
  /** The predictor's Deployment, undefined where there is none: stopped, or no KServe. */
  readonly deployment: Deployment | undefined
  /** All nodes; undefined where the caller may not see them. */
  readonly nodes: readonly Node[] | undefined
  /** All pods of the cluster, because they fill the nodes; undefined where the caller may not see them. */
  readonly pods: readonly Pod[] | undefined
  /** The PVCs of the Deployment's namespace. */
  readonly claims: readonly PersistentVolumeClaim[]
  /** The volumes behind them, as far as the caller may see them. */
  readonly volumes: readonly PersistentVolume[]
}

/** How pods are replaced: `rolling` as the Deployment says, `recreate` all at once, `max-surge-0` one after the other. */
export const ROLLOUT_STRATEGIES = ['rolling', 'recreate', 'max-surge-0'] as const
export type RolloutStrategy = (typeof ROLLOUT_STRATEGIES)[number]

/** What clients feel of a rollout. */
export interface Outage {
  /** Copies that are away at the same time; all of `replicas`: nobody is answered. */
  readonly copies: number
  readonly replicas: number
  /** How long a copy took to start the last time, in seconds; undefined where no copy has started yet. */
  readonly seconds: number | undefined
}

/** A way to replace the pods where no second copy fits. */
export interface RolloutOption {
  readonly strategy: Exclude<RolloutStrategy, 'rolling'>
  readonly outage: Outage
}

/** What a change of the pod template will do. `reason` is a sentence for people. */
export type RolloutPlan =
  /** No pod runs, so none is replaced. */
  | { readonly outcome: 'idle'; readonly reason: string }
  /** A second copy fits: it starts, then an old one ends. For that time the copy's resources are used twice. */
  | { readonly outcome: 'seamless'; readonly reason: string }
  /** It goes on by itself, and copies are away while it does, because the Deployment is made so. */
  | { readonly outcome: 'interrupts'; readonly reason: string; readonly outage: Outage }
  /** It would start and never end: the new copy waits for the old one's place, and the old one for the new copy. */
  | {
      readonly outcome: 'deadlocks'
      readonly reason: string
      /** What is missing where, one line a node or volume. */
      readonly shortages: readonly string[]
      readonly options: readonly RolloutOption[]
    }
  /** Nodes or pods cannot be seen, so that nobody knows. */
  | { readonly outcome: 'unknown'; readonly reason: string; readonly options: readonly RolloutOption[] }

/**
 * Decides what a rollout of a predictor will do before it starts: whether a second copy fits beside the first (GPU, CPU,
 * memory, labels, taints, a volume that only one node can mount), and what it costs where none does. Pure.
 *
 * `planRollout(await fetchRolloutFacts(kube, { name: 'llama', project: 'demo' })).outcome // 'deadlocks'`
 */
export function planRollout(facts: RolloutFacts): RolloutPlan {
  const { deployment, nodes, pods } = facts
  if (deployment === undefined) return { outcome: 'idle', reason: 'No Deployment runs it, so no pod is replaced.' }
  const replicas = deployment.spec.replicas ?? 1
  if (replicas === 0) return { outcome: 'idle', reason: 'It has no replicas, so no pod is replaced.' }
  const { maxSurge, maxUnavailable } = rolloutBounds(deployment)
  const outageOf = (copies: number): Outage => ({ copies, replicas, seconds: startSeconds(deployment, pods ?? []) })
  if (maxSurge === 0) return interrupts('Its strategy ends old copies first', outageOf(maxUnavailable))
  const options = optionsFor(outageOf)
  if (nodes === undefined || pods === undefined) {
    const hidden = nodes === undefined ? 'nodes' : 'pods of other projects'
    const reason = `Whether a second copy fits is not known: you may not see the ${hidden} of this cluster.`
    return maxUnavailable > 0
      ? interrupts('It may end old copies first', outageOf(maxUnavailable))
      : { outcome: 'unknown', reason, options }
  }
  const shortages = shortagesOf(deployment, facts, nodes, pods)
  if (shortages.length === 0) {
    return { outcome: 'seamless', reason: 'A second copy fits beside the first, which ends when the second is ready.' }
  }
  if (maxUnavailable > 0) return interrupts('No further copy fits, so old copies end first', outageOf(maxUnavailable))
  return {
    outcome: 'deadlocks',
    reason: `No second copy fits beside the first: ${shortages.join('; ')}.`,
    shortages,
    options,
  }
}

/**
 * What clients feel, in one sentence.
 *
 * `renderOutage({ copies: 1, replicas: 1, seconds: 95 }) // 'Nobody is answered for about 2 min (…)'`
 */
export function renderOutage({ copies, replicas, seconds }: Outage): string {
  const took =
    seconds === undefined
      ? 'until a new copy is ready'
      : `for about ${durationText(seconds)} (its last start took that long)`
  return copies >= replicas
    ? `Nobody who uses it is answered ${took}.`
    : `${replicas - copies} of ${replicas} copies answer at a time, ${took} for each.`
}

function durationText(seconds: number): string {
  return seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.ceil(seconds / 60)} min`
}

function interrupts(why: string, outage: Outage): RolloutPlan {
  return { outcome: 'interrupts', reason: `${why}. ${renderOutage(outage)}`, outage }
}

function optionsFor(outageOf: (copies: number) => Outage): RolloutOption[] {
  const { replicas } = outageOf(0)
  const recreate: RolloutOption = { strategy: 'recreate', outage: outageOf(replicas) }
  // With one copy both are the same; with several, one after the other keeps the rest.
  return replicas === 1 ? [recreate] : [{ strategy: 'max-surge-0', outage: outageOf(1) }, recreate]
}

/** What keeps a second copy from starting; empty where it can. */
function shortagesOf(
  deployment: Deployment,
  { claims, volumes }: RolloutFacts,
  nodes: readonly Node[],
  pods: readonly Pod[],
): string[] {
  const { spec } = deployment.spec.template
  const used = claims.filter(({ metadata }) => claimNames(spec).includes(metadata.name))
  const exclusive = used.find(({ spec: { accessModes = [] } }) => accessModes.includes('ReadWriteOncePod'))
  if (exclusive !== undefined) return [`PVC ${exclusive.metadata.name} can be mounted by one pod only`]
  const judged = nodes.map((node) => ({ node, obstacles: obstaclesFor(spec, node, { used, volumes, pods }) }))
  const fitting = judged.filter(({ obstacles }) => obstacles.length === 0).map(({ node }) => node.metadata.name)
  if (fitting.length === 0) {
    return nodes.length === 0
      ? ['the cluster has no nodes']
      : judged.map(({ node, obstacles }) => `node ${node.metadata.name}: ${obstacles.join(', ')}`)
  }
  return used.flatMap((claim) => strandedCopy(claim, fitting, pods))
}

function obstaclesFor(
  spec: PodSpec,
  node: Node,
  {
    used,
    volumes,
    pods,
  }: { used: readonly PersistentVolumeClaim[]; volumes: readonly PersistentVolume[]; pods: readonly Pod[] },
): string[] {
  const out = used.find((claim) => {
    const volume = volumes.find(({ metadata }) => metadata.name === claim.spec.volumeName)
    return !reachesVolume(volume?.spec.nodeAffinity, node)
  })
  return out === undefined ? obstaclesOnNode(spec, node, pods) : [`the volume of PVC ${out.metadata.name} is elsewhere`]
}

/**
 * A ReadWriteOnce volume is mounted by one node. The scheduler does not know that: it may put the new copy on any node with
 * room, where the volume then waits for the old copy to end ("Multi-Attach error"). Only where all nodes with room are the
 * volume's own is it safe.
 */
function strandedCopy(
  { metadata, spec }: PersistentVolumeClaim,
  fitting: readonly string[],
  pods: readonly Pod[],
): string[] {
  if (spec.accessModes?.some((mode) => mode !== 'ReadWriteOnce') === true) return []
  const mountedOn = new Set(
    pods
      .filter((pod) => pod.metadata.namespace === metadata.namespace && claimNames(pod.spec).includes(metadata.name))
      .map((pod) => pod.spec.nodeName)
      .filter((name) => name !== undefined),
  )
  const elsewhere = fitting.filter((name) => !mountedOn.has(name))
  if (mountedOn.size === 0 || elsewhere.length === 0) return []
  const [home] = mountedOn
  return [
    `PVC ${metadata.name} is ReadWriteOnce and mounted on node ${home}, and the new copy may be put on node ${elsewhere[0]}`,
  ]
}

function claimNames({ volumes = [] }: PodSpec): string[] {
  return volumes.flatMap(({ persistentVolumeClaim: claim }) => (claim === undefined ? [] : [claim.claimName]))
}

/** How long the slowest of the copies that run took from its node to being ready. */
function startSeconds({ metadata, spec }: Deployment, pods: readonly Pod[]): number | undefined {
  const { matchLabels = {} } = spec.selector
  const took = pods
    .filter((pod) => pod.metadata.namespace === metadata.namespace)
    .filter((pod) => Object.entries(matchLabels).every(([key, value]) => pod.metadata.labels?.[key] === value))
    .map(({ status }) => {
      const ready = status?.conditions?.find(({ type, status: is }) => type === 'Ready' && is === 'True')
      return (Date.parse(ready?.lastTransitionTime ?? '') - Date.parse(status?.startTime ?? '')) / 1000
    })
    .filter((seconds) => Number.isFinite(seconds) && seconds >= 0)
  return took.length === 0 ? undefined : Math.max(...took)
}
