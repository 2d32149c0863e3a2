import { messageOf } from '@nexus/core'
import { isConflict, isNotFound } from '@nexus/kube'
import type { CallOptions, KubeClient } from '@nexus/kube'
import { LegacyError } from './errors.ts'
import { fetchLegacyFacts } from './facts.ts'
import { planLegacyCleanup } from './plan.ts'
import type { LegacyPlan, LegacyStep } from './plan.ts'

export interface LegacyDeps {
  readonly kube: KubeClient
  /** Told each step after it has been done. */
  readonly report?: ((step: LegacyStep) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * What a clean-up would do, for showing it before asking.
 * @throws KubeApiError; MigrateError where who uses a Secret cannot be read.
 */
export async function planLegacy(kube: KubeClient, options?: CallOptions): Promise<LegacyPlan> {
  return planLegacyCleanup(await fetchLegacyFacts(kube, options))
}

/**
 * Removes what older platforms left: Accounts, what was made for them, their webhook, definition and roles. Deployments,
 * their PVCs and Secrets stay. Calling it again goes on where it stopped, and does nothing where nothing is left.
 * @returns the plan it followed.
 * @throws as `planLegacy`; LegacyError `NEXUS_LEGACY_INCOMPLETE`.
 */
export async function removeLegacy(
  { kube, report, signal }: LegacyDeps,
  { dataScienceClusters = false }: { dataScienceClusters?: boolean } = {},
): Promise<LegacyPlan> {
  const plan = await planLegacy(kube, { signal })
  const steps = [...plan.steps, ...(dataScienceClusters ? plan.dataScienceClusters : [])]
  for (const step of steps) {
    signal?.throwIfAborted()
    await take(step, kube, signal)
    report?.(step)
  }
  return plan
}

async function take(step: LegacyStep, kube: KubeClient, signal: AbortSignal | undefined): Promise<void> {
  const { ref } = step
  try {
    if (step.action === 'patch') {
      await kube.patch(ref, { type: 'json', operations: step.operations }, { signal })
      return
    }
    const preconditions = step.uid === undefined ? {} : { preconditions: { uid: step.uid } }
    await kube.delete(ref, { signal, propagationPolicy: 'Background', ...preconditions })
  } catch (cause) {
    // Gone already, perhaps with its Account; or another object has its name now.
    if (isNotFound(cause) || (step.action === 'delete' && isConflict(cause))) return
    signal?.throwIfAborted()
    const what = `${ref.kind.kind} ${ref.namespace === undefined ? '' : `${ref.namespace}/`}${ref.name}`
    throw new LegacyError('NEXUS_LEGACY_INCOMPLETE', `The clean-up stopped at ${what}: ${messageOf(cause)}`, {
      hint: 'What was done stays. Run the same command again: it goes on from there.',
      cause,
    })
  }
}
