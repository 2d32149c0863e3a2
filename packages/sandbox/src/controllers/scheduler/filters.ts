import { addAmounts, amountsOf, parseQuantity, podRequests, repels } from '@nexus/kube'
import type { Amounts, ContainerPort, PersistentVolume, Pod } from '@nexus/kube'
import { isWantedNode, matchesNode } from './node-affinity.ts'
import { neighbourRefusals } from './pod-affinity.ts'
import { lasting, passing } from './refusal.ts'
import type { Candidate, Refusal } from './refusal.ts'

const ONE = parseQuantity(1).nanos
const DEFAULT_PODS = 110n * ONE

/** What a pod brings along to every node. */
export interface Asking {
  readonly pod: Pod
  /** The volumes of its claims. */
  readonly volumes: readonly PersistentVolume[]
  /** Names of its claims that only one pod at a time may use. */
  readonly exclusive: readonly string[]
}

/** In the order of kube-scheduler's filters; of several that refuse, the first one speaks. */
const FILTERS: readonly ((asking: Asking, candidate: Candidate, all: readonly Candidate[]) => Refusal[])[] = [
  unschedulable,
  taints,
  unwanted,
  portsInUse,
  missingResources,
  exclusiveVolumes,
  distantVolumes,
  ({ pod }, candidate, all) => neighbourRefusals(pod, candidate, all),
]

/** Why a node cannot take a pod; empty when it can. */
export function refusalsOf(asking: Asking, candidate: Candidate, all: readonly Candidate[]): Refusal[] {
  for (const filter of FILTERS) {
    const refusals = filter(asking, candidate, all)
    if (refusals.length > 0) return refusals
  }
  return []
}

/** Cordoned nodes take only pods that tolerate the taint which stands for that. */
function unschedulable({ pod }: Asking, { node }: Candidate): Refusal[] {
  const cordon = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' as const }
  const isClosed = node.spec?.unschedulable === true && repels(cordon, pod.spec.tolerations)
  return isClosed ? [lasting('node(s) were unschedulable')] : []
}

function taints({ pod }: Asking, { node }: Candidate): Refusal[] {
  const isRepelled = node.spec?.taints?.some((taint) => repels(taint, pod.spec.tolerations)) === true
  return isRepelled ? [lasting('node(s) had untolerated taint(s)')] : []
}

function unwanted({ pod }: Asking, { node }: Candidate): Refusal[] {
  return isWantedNode(pod.spec, node) ? [] : [lasting("node(s) didn't match Pod's node affinity/selector")]
}

function portsInUse({ pod }: Asking, { pods }: Candidate): Refusal[] {
  const used = new Set(pods.flatMap(hostPorts))
  const isTaken = hostPorts(pod).some((port) => used.has(port))
  return isTaken ? [passing("node(s) didn't have free ports for the requested pod ports")] : []
}

function hostPorts({ spec }: Pod): string[] {
  const ports: ContainerPort[] = spec.containers.flatMap(({ ports = [] }) => ports)
  return ports.flatMap(({ hostPort, protocol = 'TCP' }) => (hostPort ? [`${protocol} ${hostPort}`] : []))
}

/** What the node would not have even if it were empty is not going to help anybody. */
function missingResources({ pod }: Asking, { node, pods }: Candidate): Refusal[] {
  const allocatable = amountsOf(node.status?.allocatable ?? node.status?.capacity)
  const used = pods.map(({ spec }) => podRequests(spec)).reduce<Amounts>(addAmounts, new Map())
  const isFull = BigInt(pods.length + 1) * ONE > (allocatable.get('pods') ?? DEFAULT_PODS)
  const missing = [...podRequests(pod.spec)]
    .filter(([name, amount]) => amount > 0n && (used.get(name) ?? 0n) + amount > (allocatable.get(name) ?? 0n))
    .map(([name, amount]) => {
      const reason = `Insufficient ${name}`
      return amount > (allocatable.get(name) ?? 0n) ? lasting(reason) : passing(reason)
    })
  return [...(isFull ? [passing('Too many pods')] : []), ...missing]
}

function exclusiveVolumes({ pod, exclusive }: Asking, _candidate: Candidate, all: readonly Candidate[]): Refusal[] {
  const isUsed = exclusive.some((claim) =>
    all.some(({ pods }) =>
      pods.some((other) => other.metadata.namespace === pod.metadata.namespace && claimsOf(other).includes(claim)),
    ),
  )
  const reason =
    'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod'
  return isUsed ? [passing(reason)] : []
}

function distantVolumes({ volumes }: Asking, { node }: Candidate): Refusal[] {
  const isDistant = volumes.some(({ spec }) => {
    const required = spec.nodeAffinity?.required
    return required !== undefined && !matchesNode(required, node)
  })
  return isDistant ? [lasting("node(s) didn't match PersistentVolume's node affinity")] : []
}

/** Names of the claims that a pod uses. */
export function claimsOf({ spec }: Pod): string[] {
  return (spec.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => (claim ? [claim.claimName] : []))
}
