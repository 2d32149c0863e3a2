import type { ObjectRef } from '@nexus/kube'
import { deleteNIMDeployment, planNIMDeletion } from '@nexus/nim-serving'
import type { DeleteResult, DeletionPlan, DeploymentRef, ResourceName } from '@nexus/nim-serving'
import { withCluster } from '../cluster.ts'
import type { ClusterFlags } from '../cluster.ts'
import { confirm } from '../confirm.ts'
import { print } from '../output/print.ts'
import type { OutputFormat } from '../output/print.ts'
import type { OutputFlags } from '../program.ts'
import { progressReport } from '../progress.ts'
import type { Shell } from '../shell.ts'

export interface DeleteFlags extends ClusterFlags, OutputFlags {
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
    if (flags.dryRun === true) return printPlan(ref, plan, flags, shell)
    if (flags.yes !== true) {
      shell.talk(renderPlan(plan).trimEnd())
      await confirm({ question: `Delete ${name}?`, doing: `Deleting ${name}`, refused: 'Nothing was deleted' }, shell)
    }
    const result = await deleteNIMDeployment(
      ref,
      { kube, report: progressReport(shell), signal: shell.signal },
      options,
    )
    if (flags.output === undefined) return shell.out(`inferenceservice/${name} deleted\n`)
    await printData({ ...ref, outcome: 'deleted', ...result }, flags.output, shell)
  })
}

async function printPlan(ref: DeploymentRef, plan: DeletionPlan, { output }: DeleteFlags, shell: Shell): Promise<void> {
  if (output === undefined) return shell.out(renderPlan(plan))
  const removed = plan.removes.map((removal) => resourceOf(removal.ref))
  const kept = plan.keeps.map((keep) => ({ ...resourceOf(keep.ref), because: keep.because }))
  await printData({ ...ref, outcome: 'planned', removed, kept }, output, shell)
}

/** What scripts read: in a dry run, what would be removed and kept. */
interface DeletionData extends DeploymentRef, DeleteResult {
  readonly outcome: 'planned' | 'deleted'
}

async function printData(data: DeletionData, output: OutputFormat, shell: Shell): Promise<void> {
  const name = (): string => `inferenceservice/${data.name}`
  await print(shell, output, { rows: [data], columns: [], name, data, empty: '' })
}

function resourceOf({ kind, name, namespace }: ObjectRef): ResourceName {
  return { kind: kind.kind, name, namespace }
}

function renderPlan({ removes, keeps }: DeletionPlan): string {
  const gone = removes.map(({ ref }) => `would delete ${nameOf(ref)}\n`)
  const kept = keeps.map(({ ref, because }) => `would keep ${nameOf(ref)}: ${because}\n`)
  return [...gone, ...kept].join('')
}

function nameOf({ kind, name }: ObjectRef): string {
  return `${kind.kind} ${name}`
}
