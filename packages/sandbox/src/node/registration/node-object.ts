import { arch, platform, release } from 'node:os'
import type { Condition, Lease, Node } from '@nexus/kube'
import { capacityOf, gpuLabels, subnetOf } from './node-spec.ts'
import type { NodeSpec } from './node-spec.ts'
import { HOST_IP, toSeconds } from '../status/pod-status.ts'

/** The namespace of the leases by which nodes show that they live. */
export const NODE_LEASE_NAMESPACE = 'kube-node-lease'
/** Controllers count a node as gone when its lease is older. */
const LEASE_SECONDS = 40
const ARCHITECTURE = arch() === 'x64' ? 'amd64' : arch()

export interface NodeDescription {
  readonly spec: NodeSpec
  /** Where the API server fetches logs. */
  readonly kubeletPort: number
}

/** The Node as it is registered, without its status. */
export function assembleNode({ spec }: NodeDescription): Node {
  const podCIDR = `10.244.${subnetOf(spec)}.0/24`
  const labels = Object.fromEntries(
    Object.entries(nodeLabels(spec)).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
  )
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: spec.name, labels },
    spec: { podCIDR, podCIDRs: [podCIDR] },
  }
}

/** The labels that the agent keeps on its node; null for one that the node must not have. */
export function nodeLabels(spec: NodeSpec): Record<string, string | null> {
  return {
    'kubernetes.io/hostname': spec.name,
    'kubernetes.io/os': platform(),
    'kubernetes.io/arch': ARCHITECTURE,
    // What clients of older clusters still select by.
    'beta.kubernetes.io/os': platform(),
    'beta.kubernetes.io/arch': ARCHITECTURE,
    'nexus.dev/sandbox': 'true',
    ...gpuLabels(spec),
  }
}

/** The Node's status: it is ready, has what it was given, and answers on loopback. */
export function assembleNodeStatus(node: NodeDescription, before: Node, now: Date): NonNullable<Node['status']> {
  const own = [
    condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
  ]
  const conditions = own.map((current) => {
    const known = before.status?.conditions?.find(({ type }) => type === current.type)
    const since = known?.status === current.status ? known.lastTransitionTime : undefined
    return { ...current, lastHeartbeatTime: toSeconds(now), lastTransitionTime: since ?? toSeconds(now) }
  })
  const capacity = capacityOf(node.spec)
  return {
    capacity,
    allocatable: capacity,
    conditions,
    // No Hostname: API servers prefer it for fetching logs, and nothing resolves it.
    addresses: [{ type: 'InternalIP', address: HOST_IP }],
    daemonEndpoints: { kubeletEndpoint: { Port: node.kubeletPort } },
    nodeInfo: nodeInfo(),
  }
}

function condition(type: string, status: 'True' | 'False', reason: string, message: string): Condition {
  return { type, status, reason, message }
}

/** Every field is required by the API. */
function nodeInfo(): object {
  return {
    machineID: '',
    systemUUID: '',
    bootID: '',
    kernelVersion: release(),
    osImage: 'local processes',
    containerRuntimeVersion: 'nexus://0.1.0',
    kubeletVersion: 'v1.34.0-nexus',
    kubeProxyVersion: '',
    operatingSystem: platform(),
    architecture: ARCHITECTURE,
  }
}

export function assembleLease(name: string, now: Date): Lease {
  const metadata = { name, namespace: NODE_LEASE_NAMESPACE }
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: assembleLeaseSpec(name, now) }
}

export function assembleLeaseSpec(name: string, now: Date): NonNullable<Lease['spec']> {
  // A MicroTime: servers insist on six digits.
  const renewTime = now.toISOString().replace('Z', '000Z')
  return { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime }
}
