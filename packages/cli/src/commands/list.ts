import { listNIMDeployments } from '@nexus/nim-serving'
import type { NIMDeployment } from '@nexus/nim-serving'
import { withCluster } from '../cluster.ts'
import type { ClusterFlags } from '../cluster.ts'
import { renderAge } from '../output/age.ts'
import { print } from '../output/print.ts'
import type { Column } from '../output/table.ts'
import type { OutputFlags } from '../program.ts'
import type { Shell } from '../shell.ts'
import { deploymentData } from '../deployment-data.ts'

export interface ListFlags extends ClusterFlags, OutputFlags {
  readonly allNamespaces?: boolean
}

/** `nexus list`. */
export async function list(flags: ListFlags, shell: Shell): Promise<void> {
  await withCluster(flags, shell, async ({ kube, namespace }) => {
    const scope = flags.allNamespaces === true ? {} : { namespace }
    const rows = await listNIMDeployments(kube, scope, { signal: shell.signal })
    await print(shell, flags.output, {
      rows,
      columns: columns(flags.allNamespaces === true, new Date()),
      name: ({ name }) => `inferenceservice/${name}`,
      data: rows.map(deploymentData),
      empty: emptyText(flags.allNamespaces === true ? undefined : namespace),
    })
  })
}

function columns(allNamespaces: boolean, now: Date): Column<NIMDeployment>[] {
  return [
    ...(allNamespaces ? [{ heading: 'PROJECT', cell: ({ project }: NIMDeployment) => project }] : []),
    { heading: 'NAME', cell: ({ name }) => name },
    { heading: 'MODEL', cell: ({ model }) => model ?? '' },
    { heading: 'TAG', cell: ({ tag }) => tag ?? '' },
    { heading: 'STATE', cell: ({ state }) => state.phase },
    { heading: 'AGE', cell: ({ createdAt }) => renderAge(createdAt, now) },
    { heading: 'REASON', cell: ({ state }) => state.reason, wide: true },
    { heading: 'IMAGE', cell: ({ image }) => image ?? '', wide: true },
  ]
}

function emptyText(namespace: string | undefined): string {
  const where = namespace === undefined ? 'in this cluster' : `in project ${namespace}`
  return `No deployments ${where}. Make one: nexus deploy MODEL --name NAME -n ${namespace ?? 'PROJECT'} --api-key-stdin`
}
