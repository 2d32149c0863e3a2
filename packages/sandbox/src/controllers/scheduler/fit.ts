import { addAmounts, amountsOf, parseQuantity, podRequests, repels } from '@nexus/kube'
import type { Amounts, Node, Pod } from '@nexus/kube'

const ONE = parseQuantity(1).nanos

/** Where a pod can go, or why nowhere, in kube-scheduler's words. */
export type Placement = { readonly node: Node } | { readonly message: string }

/** A node and the pods that count there, those included that are on their way. */
export interface Candidate {
  readonly node: Node
  readonly pods: readonly Pod[]
}

/**
 * The node with the most room left among those that can take the pod: enough of every resource, wanted labels, tolerated
 * taints, not cordoned.
 */
export function placePod(pod: Pod, candidates: readonly Candidate[]): Placement {
  if (candidates.length === 0) return { message: 'no nodes available to schedule pods' }
  const judged = candidates.map((candidate) => ({ candidate, refusals: refusalsOf(pod, candidate) }))
  const fitting = judged.filter(({ refusals }) => refusals.length === 0).map(({ candidate }) => candidate)
  const [best] = fitting.sort((a, b) => a.pods.length - b.pods.length || (nameOf(a) < nameOf(b) ? -1 : 1))
  if (best !== undefined) return { node: best.node }
  const counts = Map.groupBy(
    judged.flatMap(({ refusals }) => refusals),
    (refusal) => refusal,
  )
  const reasons = [...counts].map(([reason, same]) => `${same.length} ${reason}`).sort()
  return { message: `0/${candidates.length} nodes are available: ${reasons.join(', ')}.` }
}

function nameOf({ node }: Candidate): string {
  return node.metadata.name
}

/** Why a node cannot take a pod; the first kind of reason counts, as the scheduler's filters run one after the other. */
function refusalsOf(pod: Pod, { node, pods }: Candidate): string[] {
  if (node.spec?.unschedulable === true) return ['node(s) were unschedulable']
  const taint = node.spec?.taints?.find((taint) => repels(taint, pod.spec.tolerations))
  if (taint) return [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`]
  const wanted = Object.entries(pod.spec.nodeSelector ?? {})
  if (wanted.some(([key, value]) => node.metadata.labels?.[key] !== value)) {
    return ["node(s) didn't match Pod's node affinity/selector"]
  }
  return missingResources(pod, node, pods)
}

function missingResources(pod: Pod, { status }: Node, pods: readonly Pod[]): string[] {
  const allocatable = amountsOf(status?.allocatable ?? status?.capacity)
  const used = pods.map(({ spec }) => podRequests(spec)).reduce<Amounts>(addAmounts, new Map())
  const isFull = BigInt(pods.length + 1) * ONE > (allocatable.get('pods') ?? 110n * ONE)
  const missing = [...podRequests(pod.spec)]
    .filter(([name, amount]) => amount > 0n && (used.get(name) ?? 0n) + amount > (allocatable.get(name) ?? 0n))
    .map(([name]) => `Insufficient ${name}`)
  return [...(isFull ? ['Too many pods'] : []), ...missing]
}
