import type { KubeClient, ObjectRef } from '@nexus/kube'
import { planLegacy, removeLegacy } from '@nexus/nim-serving'
import type { LegacyPlan, LegacyStep, ResourceName } from '@nexus/nim-serving'
import { withCluster } from '../cluster.ts'
import type { ClusterFlags } from '../cluster.ts'
import { confirm } from '../confirm.ts'
import { print, shellQuote } from '../output/print.ts'
import type { OutputFlags } from '../program.ts'
import type { Shell } from '../shell.ts'

export interface CleanupFlags extends ClusterFlags, OutputFlags {
  readonly plan?: boolean
  readonly dsc?: boolean
  readonly yes?: boolean
}

/** `nexus cleanup legacy`: shows what goes and what stays, asks, removes it. */
export async function cleanupLegacy(flags: CleanupFlags, shell: Shell): Promise<void> {
  const { output, dsc: withClusters = false } = flags
  await withCluster(flags, shell, async ({ kube }) => {
    const plan = await planLegacy(kube, { signal: shell.signal })
    const steps = [...plan.steps, ...(withClusters ? plan.dataScienceClusters : [])]
    if (!withClusters) tellPatches(plan, shell)
    if (flags.plan === true && output === undefined) shell.out(renderPlan(steps, plan))
    if (steps.length === 0) shell.talk('Nothing of older platforms is left to remove.')
    else if (flags.plan !== true) await remove({ kube, plan, steps }, flags, shell)
    if (output !== undefined)
      await printData(flags.plan === true ? 'planned' : 'removed', { steps, plan }, flags, shell)
  })
}

async function remove(
  { kube, plan, steps }: { kube: KubeClient; plan: LegacyPlan; steps: readonly LegacyStep[] },
  { yes, dsc = false, output }: CleanupFlags,
  shell: Shell,
): Promise<void> {
  if (yes !== true) {
    shell.talk(renderPlan(steps, plan).trimEnd())
    const question = 'Remove what older platforms left?'
    await confirm({ question, doing: 'Removing it', refused: 'Nothing was removed' }, shell)
  }
  const report = (step: LegacyStep): void => {
    const line = renderStep(step, { done: true })
    if (output === undefined) shell.out(`${line}\n`)
    else shell.talk(line)
  }
  await removeLegacy({ kube, report, signal: shell.signal }, { dataScienceClusters: dsc })
  for (const { ref, because } of plan.keeps) shell.talk(`  ${nameOf(ref)} kept: ${because}`)
}

/** What scripts read: each object with what happens to it. */
async function printData(
  outcome: 'planned' | 'removed',
  { steps, plan }: { steps: readonly LegacyStep[]; plan: LegacyPlan },
  { output }: CleanupFlags,
  shell: Shell,
): Promise<void> {
  const removed = steps.map((step) => ({
    ...resourceOf(step.ref),
    action: step.action,
    ...(step.action === 'patch' && { what: step.what, patch: step.operations }),
  }))
  const kept = plan.keeps.map(({ ref, because }) => ({ ...resourceOf(ref), because }))
  const name = (object: ResourceName): string => `${object.kind.toLowerCase()}/${object.name}`
  await print(shell, output, { rows: removed, columns: [], name, data: { outcome, removed, kept }, empty: '' })
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

function resourceOf({ kind, name, namespace }: ObjectRef): ResourceName {
  return { kind: kind.kind, name, namespace }
}
