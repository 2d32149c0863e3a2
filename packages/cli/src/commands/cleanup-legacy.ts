import type { ObjectRef } from '@nexus/kube'
import { planLegacy, removeLegacy } from '@nexus/nim-serving'
import type { LegacyPlan, LegacyStep } from '@nexus/nim-serving'
import { withCluster } from '../cluster.ts'
import type { ClusterFlags } from '../cluster.ts'
import { confirm } from '../confirm.ts'
import { shellQuote } from '../output/print.ts'
import type { Shell } from '../shell.ts'

export interface CleanupFlags extends ClusterFlags {
  readonly plan?: boolean
  readonly dsc?: boolean
  readonly yes?: boolean
}

/** `nexus cleanup legacy`: shows what goes and what stays, asks, removes it. */
export async function cleanupLegacy(flags: CleanupFlags, shell: Shell): Promise<void> {
  const withClusters = flags.dsc === true
  await withCluster(flags, shell, async ({ kube }) => {
    const plan = await planLegacy(kube, { signal: shell.signal })
    const steps = [...plan.steps, ...(withClusters ? plan.dataScienceClusters : [])]
    if (flags.plan === true) shell.out(renderPlan(steps, plan))
    if (!withClusters) tellPatches(plan, shell)
    if (steps.length === 0) return shell.talk('Nothing of older platforms is left to remove.')
    if (flags.plan === true) return
    if (flags.yes !== true) {
      shell.talk(renderPlan(steps, plan).trimEnd())
      const question = 'Remove what older platforms left?'
      await confirm({ question, doing: 'Removing it', refused: 'Nothing was removed' }, shell)
    }
    const report = (step: LegacyStep): void => shell.out(`${renderStep(step, { done: true })}\n`)
    await removeLegacy({ kube, report, signal: shell.signal }, { dataScienceClusters: withClusters })
    for (const { ref, because } of plan.keeps) shell.talk(`  ${nameOf(ref)} kept: ${because}`)
  })
}

function renderPlan(steps: readonly LegacyStep[], { keeps }: LegacyPlan): string {
  const gone = steps.map((step) => `would ${renderStep(step, { done: false })}\n`)
  const kept = keeps.map(({ ref, because }) => `would keep ${nameOf(ref)}: ${because}\n`)
  return [...gone, ...kept].join('')
}

function renderStep(step: LegacyStep, { done }: { done: boolean }): string {
  if (step.action === 'delete') return done ? `${nameOf(step.ref)} deleted` : `delete ${nameOf(step.ref)}`
  return done ? `${nameOf(step.ref)}: ${step.what} removed` : `remove from ${nameOf(step.ref)}: ${step.what}`
}

/** A DataScienceCluster is the operator's: an admin who has to change it elsewhere needs the patch. */
function tellPatches({ dataScienceClusters }: LegacyPlan, shell: Shell): void {
  for (const { ref, operations } of dataScienceClusters) {
    const patch = shellQuote(JSON.stringify(operations))
    shell.talk(`${nameOf(ref)} has a NIM field of the old kind. Remove it with --dsc, or by hand:`)
    shell.talk(`  kubectl patch datasciencecluster ${ref.name} --type=json -p ${patch}`)
  }
}

function nameOf({ kind, name, namespace }: ObjectRef): string {
  return namespace === undefined ? `${kind.kind} ${name}` : `${kind.kind} ${namespace}/${name}`
}
