import { readCatalog } from '@nexus/catalog'
import { messageOf } from '@nexus/core'
import { listNIMDeployments } from '@nexus/nim-serving'
import { withCluster } from '../cluster.ts'
import type { Cluster, ClusterFlags } from '../cluster.ts'
import { renderFields } from '../output/fields.ts'
import { print } from '../output/print.ts'
import type { OutputFlags } from '../program.ts'
import type { Shell } from '../shell.ts'

/** `nexus status`: the parts of the platform, each with what it says of itself. */
export async function status(flags: ClusterFlags & OutputFlags, shell: Shell): Promise<void> {
  await withCluster(flags, shell, async (cluster) => {
    const [catalog, gateway, deployments] = await Promise.all([
      said(() => catalogStatus(cluster, shell)),
      said(() => gatewayStatus(cluster, shell)),
      said(() => deploymentsStatus(cluster, shell)),
    ])
    const data = {
      cluster: cluster.config.server,
      context: cluster.config.context,
      project: cluster.namespace,
      sandbox: cluster.sandbox?.dir,
      catalog,
      gateway,
      deployments,
    }
    if (flags.output !== undefined) {
      return print(shell, flags.output, { rows: [data], columns: [], name: () => data.cluster, data, empty: '' })
    }
    shell.out(
      renderFields([
        [
          'Cluster',
          `${data.cluster} (context ${data.context}${data.sandbox ? `, the sandbox in ${data.sandbox}` : ''})`,
        ],
        ['Project', data.project],
        ['Catalog', catalog],
        ['Gateway', gateway],
        ['Deployments', deployments],
      ]),
    )
  })
}

async function catalogStatus({ kube }: Cluster, shell: Shell): Promise<string> {
  const { models, problems } = await readCatalog(kube, {}, { signal: shell.signal })
  return `${models.length} models${problems.length === 0 ? '' : `, ${problems.length} unusable entries`}`
}

async function gatewayStatus({ sandbox }: Cluster, shell: Shell): Promise<string> {
  const url = shell.env['NEXUS_GATEWAY_URL'] ?? sandbox?.gatewayUrl
  if (url === undefined) return 'unknown: set NEXUS_GATEWAY_URL'
  const answer = await fetch(`${url}/health`, { signal: AbortSignal.any([shell.signal, AbortSignal.timeout(5000)]) })
  return answer.ok ? `answers at ${url}` : `${url} answers HTTP ${answer.status}`
}

async function deploymentsStatus({ kube }: Cluster, shell: Shell): Promise<string> {
  const deployments = await listNIMDeployments(kube, {}, { signal: shell.signal })
  const ready = deployments.filter(({ state }) => state.phase === 'Ready')
  return `${ready.length} of ${deployments.length} ready`
}

/** One part that cannot be asked must not hide the others. */
async function said(ask: () => Promise<string>): Promise<string> {
  return ask().catch((error: unknown) => `cannot be asked: ${messageOf(error)}`)
}
