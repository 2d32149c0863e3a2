import type { NodeSpec } from '@nexus/sandbox'
import { InvalidArgumentError } from 'commander'
import { CliError } from './errors.ts'

/** The GPUs of one node, as `--gpus` says them. */
export interface NodeGpus {
  readonly gpus: number
  readonly product?: string
}

/** More of either than one machine should pretend to be. */
const MOST_NODES = 32
const MOST_GPUS = 64

/** GPUs by their short names: the `nvidia.com/gpu.product` and memory (MiB) that GPU feature discovery reports. */
const PRODUCTS: Readonly<Record<string, readonly [product: string, memoryMiB: number]>> = {
  t4: ['Tesla-T4', 15_360],
  l4: ['NVIDIA-L4', 23_034],
  a10: ['NVIDIA-A10', 23_028],
  a10g: ['NVIDIA-A10G', 23_028],
  l40s: ['NVIDIA-L40S', 46_068],
  a100: ['NVIDIA-A100-SXM4-80GB', 81_920],
  h100: ['NVIDIA-H100-80GB-HBM3', 81_559],
  h200: ['NVIDIA-H200', 143_771],
  b200: ['NVIDIA-B200', 183_359],
}

/** Reads `--nodes`. */
export function parseNodeCount(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= MOST_NODES) return value
  throw new InvalidArgumentError(`It is a whole number from 1 to ${MOST_NODES}.`)
}

/** Reads `--gpus`: `8`, `4:L40S`, or one of these for each node: `8:H100,8:H100,0`. */
export function parseGpus(text: string): NodeGpus[] {
  return text.split(',').map((one) => {
    const [count = '', product, ...more] = one.trim().split(':')
    if (!/^\d+$/.test(count) || Number(count) > MOST_GPUS || more.length > 0) {
      throw new InvalidArgumentError(
        `It is COUNT or COUNT:PRODUCT with 0 to ${MOST_GPUS} GPUs, or a list with an entry for each node: 8, 4:L40S, 8:H100,0.`,
      )
    }
    if (product === undefined) return { gpus: Number(count) }
    if (!/^[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/.test(product)) {
      throw new InvalidArgumentError(`"${product}" cannot be the value of a label, which the product becomes.`)
    }
    return { gpus: Number(count), product: productOf(product)?.[0] ?? product }
  })
}

/** The text that `parseGpus` reads as `gpus`. */
export function formatGpus(gpus: readonly NodeGpus[]): string {
  return gpus.map((one) => (one.product === undefined ? `${one.gpus}` : `${one.gpus}:${one.product}`)).join(',')
}

/**
 * The nodes that the flags ask for; undefined where they ask for none in particular.
 *
 * @throws CliError NEXUS_CLI_USAGE when the two flags speak of different numbers of nodes
 */
export function planNodes({ nodes, gpus }: { nodes?: number; gpus?: readonly NodeGpus[] }): NodeSpec[] | undefined {
  if (nodes === undefined && gpus === undefined) return undefined
  const count = nodes ?? gpus?.length ?? 1
  if (gpus !== undefined && gpus.length > 1 && gpus.length !== count) {
    throw new CliError('NEXUS_CLI_USAGE', `--nodes asks for ${count} nodes, and --gpus lists ${gpus.length}`, {
      hint: 'Give --gpus one value for all nodes, or one for each of them: --nodes 2 --gpus 8,4',
    })
  }
  if (count > MOST_NODES) {
    throw new CliError('NEXUS_CLI_USAGE', `--gpus lists ${count} nodes; there can be ${MOST_NODES}`, {
      hint: 'Shorten the list, or give one value for all nodes.',
    })
  }
  return Array.from({ length: count }, (_, index) => ({
    name: `nexus-node-${index}`,
    ...specOf(gpus?.[gpus.length === 1 ? 0 : index]),
  }))
}

function specOf(gpus: NodeGpus | undefined): Omit<NodeSpec, 'name'> {
  if (gpus === undefined) return {}
  const { product } = gpus
  const memory = product === undefined ? undefined : productOf(product)?.[1]
  return {
    gpus: gpus.gpus,
    ...(product !== undefined && { gpuProduct: product }),
    ...(memory !== undefined && { gpuMemoryMiB: memory }),
  }
}

/** A known GPU, by its short name or its full one. */
function productOf(name: string): readonly [product: string, memoryMiB: number] | undefined {
  return PRODUCTS[name.toLowerCase()] ?? Object.values(PRODUCTS).find(([product]) => product === name)
}
