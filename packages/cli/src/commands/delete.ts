import type { ObjectRef } from '@nexus/kube'
import { deleteNIMDeployment, planNIMDeletion } from '@nexus/nim-serving'
import type { DeletionPlan } from '@nexus/nim-serving'
import { withCluster } from '../cluster.ts'
import type { ClusterFlags } from '../cluster.ts'
import { confirm } from '../confirm.ts'
import { progressReport } from '../progress.ts'
import type { Shell } from '../shell.ts'

export interface DeleteFlags extends ClusterFlags {
  readonly deletePvc?: boolean
  readonly yes?: boolean
  readonly dryRun?: boolean
}

/** `nexus delete NAME`: shows what goes and what stays, asks, deletes. */
export async function deleteDeployment(name: string, flags: DeleteFlags, shell: Shell): Promise<void> {
  await withCluster(flags, shell, async ({ kube, namespace }) => {
    const ref = { name, project: namespace }
    const options = { deletePvc: flags.deletePvc ?? false }
    const plan = await planNIMDeletion(kube, ref, { ...options, signal: shell.signal })
    if (flags.dryRun === true) return shell.out(renderPlan(plan))
    if (flags.yes !== true) {
      shell.talk(renderPlan(plan).trimEnd())
      await confirm({ question: `Delete ${name}?`, doing: `Deleting ${name}`, refused: 'Nothing was deleted' }, shell)
    }
    await deleteNIMDeployment(ref, { kube, report: progressReport(shell), signal: shell.signal }, options)
    shell.out(`inferenceservice/${name} deleted\n`)
  })
}

function renderPlan({ removes, keeps }: DeletionPlan): string {
  const gone = removes.map(({ ref }) => `would delete ${nameOf(ref)}\n`)
  const kept = keeps.map(({ ref, because }) => `would keep ${nameOf(ref)}: ${because}\n`)
  return [...gone, ...kept].join('')
}

function nameOf({ kind, name }: ObjectRef): string {
  return `${kind.kind} ${name}`
}
