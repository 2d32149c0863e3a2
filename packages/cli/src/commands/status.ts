import { readCatalog } from '@nexus/catalog'
import { messageOf } from '@nexus/core'
import { Kinds } from '@nexus/kube'
import type { Node } from '@nexus/kube'
import { listNIMDeployments } from '@nexus/nim-serving'
import { withCluster } from '../cluster.ts'
import type { Cluster, ClusterFlags } from '../cluster.ts'
import { CliError } from '../errors.ts'
import { renderFields } from '../output/fields.ts'
import { print } from '../output/print.ts'
import type { OutputFlags } from '../program.ts'
import type { Shell } from '../shell.ts'

/** One part of the platform: a sentence for people, fields for scripts. */
interface Part {
  readonly text: string
  readonly data: object
  readonly failed?: boolean
}

/**
 * `nexus status`: the parts of the platform, each with what it says of itself.
 *
 * @throws CliError NEXUS_CLI_NOT_READY after printing, when a part does not answer
 */
export async function status(flags: ClusterFlags & OutputFlags, shell: Shell): Promise<void> {
  await withCluster(flags, shell, async (cluster) => {
    const [nodes, catalog, gateway, deployments] = await Promise.all([
      nodesPart(cluster, shell),
      asked(() => catalogPart(cluster, shell)),
      asked(() => gatewayPart(cluster, shell)),
      asked(() => deploymentsPart(cluster, shell)),
    ])
    const { config, namespace, sandbox } = cluster
    const data = {
      cluster: config.server,
      context: config.context,
      project: namespace,
      sandbox: sandbox?.dir,
      nodes: nodes.data,
      catalog: catalog.data,
      gateway: gateway.data,
      deployments: deployments.data,
    }
    if (flags.output === undefined) {
      const where = sandbox === undefined ? '' : `, the sandbox in ${sandbox.dir}`
      shell.out(
        renderFields([
          ['Cluster', `${config.server} (context ${config.context}${where})`],
          ['Project', namespace],
          ['Nodes', nodes.text],
          ['Catalog', catalog.text],
          ['Gateway', gateway.text],
          ['Deployments', deployments.text],
        ]),
      )
    } else {
      await print(shell, flags.output, { rows: [data], columns: [], name: () => data.cluster, data, empty: '' })
    }
    if ([catalog, gateway, deployments].some((part) => part.failed === true)) throw notAllAnswer()
  })
}

function notAllAnswer(): CliError {
  return new CliError('NEXUS_CLI_NOT_READY', 'Not every part of the platform answers', {
    hint: 'See above. A sandbox is started with: nexus up',
  })
}

/** Not every user of a cluster may see its nodes: that is no fault of the platform. */
async function nodesPart({ kube }: Cluster, shell: Shell): Promise<Part> {
  try {
    const { items } = await kube.list({ kind: Kinds.Node }, { signal: shell.signal })
    const nodes = items.map(described)
    const ready = nodes.filter((node) => node.ready).length
    const gpus = nodes.reduce((total, node) => total + node.gpus, 0)
    const products = [...new Set(nodes.flatMap(({ gpuProduct = [] }) => gpuProduct))].sort()
    const named = products.length === 0 ? '' : ` (${products.join(', ')})`
    return { text: `${ready} of ${nodes.length} ready, ${gpus} GPUs${named}`, data: nodes }
  } catch (error) {
    shell.signal.throwIfAborted()
    return { text: `cannot be asked: ${messageOf(error)}`, data: { error: messageOf(error) } }
  }
}

function described({ metadata, status }: Node) {
  const gpuProduct = metadata.labels?.['nvidia.com/gpu.product']
  return {
    name: metadata.name,
    ready: status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true,
    gpus: Number(status?.allocatable?.['nvidia.com/gpu'] ?? 0),
    ...(gpuProduct !== undefined && { gpuProduct }),
  }
}

async function catalogPart({ kube }: Cluster, shell: Shell): Promise<Part> {
  const { models, problems } = await readCatalog(kube, {}, { signal: shell.signal })
  const unusable = problems.length === 0 ? '' : `, ${problems.length} unusable entries`
  return { text: `${models.length} models${unusable}`, data: { models: models.length, unusable: problems.length } }
}

async function gatewayPart({ sandbox }: Cluster, shell: Shell): Promise<Part> {
  const url = shell.env['NEXUS_GATEWAY_URL'] ?? sandbox?.gatewayUrl
  if (url === undefined) return { text: 'unknown: set NEXUS_GATEWAY_URL', data: {} }
  const { ok, status } = await fetch(`${url}/health`, {
    signal: AbortSignal.any([shell.signal, AbortSignal.timeout(5000)]),
  })
  return ok
    ? { text: `answers at ${url}`, data: { url, status } }
    : { text: `${url} answers HTTP ${status}`, data: { url, status }, failed: true }
}

async function deploymentsPart({ kube }: Cluster, shell: Shell): Promise<Part> {
  const deployments = await listNIMDeployments(kube, {}, { signal: shell.signal })
  const ready = deployments.filter(({ state }) => state.phase === 'Ready').length
  return { text: `${ready} of ${deployments.length} ready`, data: { ready, total: deployments.length } }
}

/** One part that cannot be asked must not hide the others. */
async function asked(ask: () => Promise<Part>): Promise<Part> {
  return ask().catch((error: unknown) => {
    const message = messageOf(error)
    return { text: `cannot be asked: ${message}`, data: { error: message }, failed: true }
  })
}
