import { readCatalog } from '@nexus/catalog'
import { messageOf } from '@nexus/core'
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
    const [catalog, gateway, deployments] = await Promise.all([
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
