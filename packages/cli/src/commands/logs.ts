import { Kinds } from '@nexus/kube'
import type { Pod } from '@nexus/kube'
import { podLogs } from '@nexus/kube/node'
import { getNIMDeployment } from '@nexus/nim-serving'
import { withCluster } from '../cluster.ts'
import type { ClusterFlags } from '../cluster.ts'
import { CliError } from '../errors.ts'
import type { Shell } from '../shell.ts'

export interface LogsFlags extends ClusterFlags {
  readonly follow?: boolean
  readonly tail?: number
  readonly previous?: boolean
}

/** `nexus logs NAME`: the log of the deployment's newest pod. */
export async function logs(name: string, flags: LogsFlags, shell: Shell): Promise<void> {
  await withCluster(flags, shell, async ({ kube, namespace }) => {
    await getNIMDeployment(kube, { name, project: namespace }, { signal: shell.signal })
    const pods = await kube.list({
      kind: Kinds.Pod,
      namespace,
      labelSelector: `serving.kserve.io/inferenceservice=${name}`,
    })
    const pod = newest(pods.items)
    if (pod === undefined) {
      throw new CliError('NEXUS_CLI_NOT_READY', `${name} has no pod yet, so there is no log`, {
        hint: `See why: nexus describe ${name} -n ${namespace}`,
      })
    }
    if (pods.items.length > 1) shell.talk(`${pods.items.length} pods; this is ${pod.metadata.name}.`)
    const query = {
      namespace,
      pod: pod.metadata.name,
      follow: flags.follow ?? false,
      previous: flags.previous ?? false,
      ...(flags.tail !== undefined && { tailLines: flags.tail }),
    }
    for await (const line of podLogs(kube, query, { signal: shell.signal })) shell.out(`${line}\n`)
  })
}

function newest(pods: readonly Pod[]): Pod | undefined {
  const created = (pod: Pod): string => pod.metadata.creationTimestamp ?? ''
  return [...pods].sort((a, b) => created(b).localeCompare(created(a)))[0]
}
