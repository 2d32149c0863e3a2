import { PLATFORM_NAMESPACE } from '@nexus/catalog'
import { Kinds } from '@nexus/kube'
import type { Pod } from '@nexus/kube'
import { podLogs } from '@nexus/kube/node'
import { withCluster } from '../cluster.ts'
import type { Cluster, ClusterFlags } from '../cluster.ts'
import { CliError } from '../errors.ts'
import { runGatewayProgram } from '../gateway-program.ts'
import type { Shell } from '../shell.ts'

export interface UsageFlags extends ClusterFlags {
  readonly by?: string
  readonly since?: string
  readonly until?: string
  readonly output?: string
}

/** `nexus gateway usage [FILE…]`: the usage records in files, or in the logs of the gateway's pods. */
export async function gatewayUsage(files: readonly string[], flags: UsageFlags, shell: Shell): Promise<void> {
  const { by, since, until, output } = flags
  const options = Object.entries({ by, since, until, output }).flatMap(([flag, value]) =>
    value === undefined ? [] : [`--${flag}=${value}`],
  )
  if (files.length > 0) {
    const input = files.includes('-') ? readText(shell) : ''
    return shell.out(await runGatewayProgram({ args: ['usage', ...options, ...files], input }, shell))
  }
  await withCluster(flags, shell, async (cluster) => {
    const pods = await gatewayPods(cluster, flags.namespace ?? PLATFORM_NAMESPACE, shell)
    const input = readLogs(cluster, pods, shell)
    shell.out(await runGatewayProgram({ args: ['usage', ...options, '-'], input }, shell))
  })
}

async function gatewayPods({ kube }: Cluster, namespace: string, shell: Shell): Promise<Pod[]> {
  const query = { kind: Kinds.Pod, namespace, labelSelector: 'app=nexus-gateway' }
  const { items } = await kube.list(query, { signal: shell.signal })
  if (items.length > 0) return items
  throw new CliError('NEXUS_CLI_NO_GATEWAY', `No gateway runs in namespace ${namespace}, so there is no log`, {
    hint: 'Name its namespace with -n, or a file with usage records.',
  })
}

async function* readLogs({ kube }: Cluster, pods: readonly Pod[], shell: Shell): AsyncGenerator<string> {
  for (const { metadata } of pods) {
    const query = { namespace: metadata.namespace ?? PLATFORM_NAMESPACE, pod: metadata.name }
    for await (const line of podLogs(kube, query, { signal: shell.signal })) yield `${line}\n`
  }
}

async function* readText({ stdin }: Shell): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  for await (const chunk of stdin) {
    if (chunk instanceof Uint8Array) yield decoder.decode(chunk, { stream: true })
  }
}
