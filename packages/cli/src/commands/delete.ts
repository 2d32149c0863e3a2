import type { ObjectRef } from '@nexus/kube'
import { deleteNIMDeployment, planNIMDeletion } from '@nexus/nim-serving'
import type { DeletionPlan } from '@nexus/nim-serving'
import { withCluster } from '../cluster.ts'
import type { ClusterFlags } from '../cluster.ts'
import { CliError } from '../errors.ts'
import { progressReport } from '../progress.ts'
import { Interrupted } from '../shell.ts'
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
    if (flags.yes !== true) await confirm(name, plan, shell)
    await deleteNIMDeployment(ref, { kube, report: progressReport(shell), signal: shell.signal }, options)
    shell.out(`inferenceservice/${name} deleted\n`)
  })
}

async function confirm(name: string, plan: DeletionPlan, shell: Shell): Promise<void> {
  shell.talk(renderPlan(plan).trimEnd())
  if (shell.stdin.isTTY !== true || !shell.interactive) {
    throw new CliError('NEXUS_CLI_NOT_CONFIRMED', `Deleting ${name} needs a yes, and nobody can be asked here`, {
      hint: 'Look at what would go, above, and add --yes.',
    })
  }
  const prompts = await import('@clack/prompts')
  const answer = await prompts.confirm({ message: `Delete ${name}?`, initialValue: false, output: process.stderr })
  if (prompts.isCancel(answer)) throw new Interrupted('SIGINT')
  if (!answer) throw new CliError('NEXUS_CLI_NOT_CONFIRMED', 'Nothing was deleted')
}

function renderPlan({ removes, keeps }: DeletionPlan): string {
  const gone = removes.map(({ ref }) => `would delete ${nameOf(ref)}\n`)
  const kept = keeps.map(({ ref, because }) => `would keep ${nameOf(ref)}: ${because}\n`)
  return [...gone, ...kept].join('')
}

function nameOf({ kind, name }: ObjectRef): string {
  return `${kind.kind} ${name}`
}
