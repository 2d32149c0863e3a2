import type { ResourceList } from '@nexus/kube'

/** A machine's worth for sixty-four cores that nobody uses: the programs are small. */
const MACHINE: ResourceList = { cpu: '64', memory: '512Gi', 'ephemeral-storage': '1Ti', pods: '200' }
const DEFAULT_GPUS = 8

/** A node as the cluster is to see it. All nodes of an agent share this machine. */
export interface NodeSpec {
  /** A number at its end chooses the pods' addresses: `nexus-node-1` has 10.244.1.x. */
  readonly name: string
  /** How many `nvidia.com/gpu` it offers. Default 8; 0 is a node without GPUs. */
  readonly gpus?: number | undefined
  /** As GPU feature discovery names it: `NVIDIA-H100-80GB-HBM3`. Default: not said. */
  readonly gpuProduct?: string | undefined
  /** Memory of one GPU in MiB. Default: not said. */
  readonly gpuMemoryMiB?: number | undefined
}

/** The node that an agent has where nobody says which. */
export const DEFAULT_NODE: NodeSpec = { name: 'nexus-node-0' }

export function capacityOf({ gpus = DEFAULT_GPUS }: NodeSpec): ResourceList {
  return gpus === 0 ? MACHINE : { ...MACHINE, 'nvidia.com/gpu': String(gpus) }
}

/**
 * The labels that NVIDIA's GPU feature discovery gives a node; null where the node must not have one.
 * https://github.com/NVIDIA/k8s-device-plugin/tree/main/docs/gpu-feature-discovery
 */
export function gpuLabels({ gpus = DEFAULT_GPUS, gpuProduct, gpuMemoryMiB }: NodeSpec): Record<string, string | null> {
  const has = gpus > 0
  return {
    'nvidia.com/gpu.present': has ? 'true' : null,
    'nvidia.com/gpu.count': has ? String(gpus) : null,
    'nvidia.com/gpu.product': has ? (gpuProduct ?? null) : null,
    'nvidia.com/gpu.memory': has && gpuMemoryMiB !== undefined ? String(gpuMemoryMiB) : null,
  }
}

/** The third number of the addresses of the node's pods. */
export function subnetOf({ name }: NodeSpec): number {
  return Number(/\d{1,3}$/.exec(name)?.[0] ?? 0) % 256
}
