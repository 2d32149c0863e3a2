import { addAmounts, amountsOf, matchesLabels, parseQuantity, podRequests, repels } from '@nexus/kube'
import type { Amounts, Node, Pod, PodSpec } from '@nexus/kube'
import { z } from 'zod'

// Whether a node can take one more pod, as kube-scheduler's filters decide it: readiness, cordon, taints, labels, room.
// Affinity between pods and topology spread are not looked at: they make a node worse, seldom impossible.

const ONE = parseQuantity(1).nanos
/** What the kubelet allows where the node does not say. */
const DEFAULT_PODS = 110n * ONE

/**
 * Why `node` cannot take one more pod of this spec beside `pods`, all pods of the cluster; empty where it can. One reason
 * per thing that is missing, for people: `0 of 1 nvidia.com/gpu free, 1 needed`.
 */
export function obstaclesOnNode(spec: PodSpec, node: Node, pods: readonly Pod[]): string[] {
  if (!isReady(node)) return ['it is not ready']
  if (node.spec?.unschedulable === true) return ['it is cordoned']
  const taint = node.spec?.taints?.find((candidate) => repels(candidate, spec.tolerations))
  if (taint !== undefined) return [`its taint ${taint.key} is not tolerated`]
  if (!matchesLabels(spec.nodeSelector ?? {}, node.metadata.labels)) return ['it does not match the nodeSelector']
  if (!matchesNodeAffinity(spec.affinity, node)) return ['it does not match the node affinity']
  return missingResources(spec, node, pods)
}

function isReady({ status }: Node): boolean {
  // A node whose state nobody reports is not ruled out.
  return (status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'True') === 'True'
}

function missingResources(spec: PodSpec, node: Node, pods: readonly Pod[]): string[] {
  const there = pods.filter((pod) => pod.spec.nodeName === node.metadata.name && !hasEnded(pod))
  const allocatable = amountsOf(node.status?.allocatable ?? node.status?.capacity)
  const used = there.map((pod) => podRequests(pod.spec)).reduce<Amounts>(addAmounts, new Map())
  const full = BigInt(there.length + 1) * ONE > (allocatable.get('pods') ?? DEFAULT_PODS)
  const short = [...podRequests(spec)]
    .map(([name, needed]) => ({ name, needed, total: allocatable.get(name) ?? 0n, taken: used.get(name) ?? 0n }))
    .filter(({ needed, total, taken }) => needed > 0n && taken + needed > total)
    .map(({ name, needed, total, taken }) => shortageText(name, { needed, total, taken }))
  return [...(full ? ['it has no place for another pod'] : []), ...short]
}

function shortageText(
  name: string,
  { needed, total, taken }: { needed: bigint; total: bigint; taken: bigint },
): string {
  const free = total > taken ? total - taken : 0n
  return `${amountText(name, free)} of ${amountText(name, total)} ${name} free, ${amountText(name, needed)} needed`
}

/** Bytes in Gi, everything else as it is counted. */
function amountText(name: string, nanos: bigint): string {
  const amount = Number(nanos) / 1e9
  const isBytes = name === 'memory' || name === 'ephemeral-storage'
  return isBytes ? `${Number((amount / 1024 ** 3).toFixed(1))}Gi` : String(Number(amount.toFixed(2)))
}

/** Whether a pod has ended, and so holds nothing any more. */
function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}

const Requirement = z.object({ key: z.string(), operator: z.string(), values: z.array(z.string()).default([]) })
type Requirement = z.infer<typeof Requirement>
const Term = z.object({
  matchExpressions: z.array(Requirement).default([]),
  matchFields: z.array(z.unknown()).default([]),
})
const NodeSelectorTerms = z.object({ nodeSelectorTerms: z.array(Term) })
const Affinity = z.object({
  nodeAffinity: z.object({ requiredDuringSchedulingIgnoredDuringExecution: NodeSelectorTerms.optional() }).optional(),
})
const VolumeAffinity = z.object({ required: NodeSelectorTerms.optional() })

function matchesNodeAffinity(affinity: object | undefined, node: Node): boolean {
  const required = Affinity.safeParse(affinity ?? {}).data?.nodeAffinity
  return matchesTerms(required?.requiredDuringSchedulingIgnoredDuringExecution, node)
}

/** Whether a volume that is bound to some nodes (a disk of one machine, of one zone) can be reached from `node`. */
export function reachesVolume(nodeAffinity: object | undefined, node: Node): boolean {
  return matchesTerms(VolumeAffinity.safeParse(nodeAffinity ?? {}).data?.required, node)
}

function matchesTerms(selector: z.infer<typeof NodeSelectorTerms> | undefined, node: Node): boolean {
  if (selector === undefined) return true
  return selector.nodeSelectorTerms.some(({ matchExpressions, matchFields }) =>
    // The only field there is to select by is the node's name; terms that use it are not ruled out.
    matchExpressions.length + matchFields.length === 0
      ? false
      : matchExpressions.every((requirement) => satisfies(requirement, node.metadata.labels ?? {})),
  )
}

function satisfies({ key, operator, values }: Requirement, labels: Record<string, string>): boolean {
  const value = labels[key]
  switch (operator) {
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0])
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0])
    case 'In':
    case 'NotIn':
    case 'Exists':
    case 'DoesNotExist':
      return matchesLabels({ matchExpressions: [{ key, operator, values }] }, labels)
    default:
      return true
  }
}
