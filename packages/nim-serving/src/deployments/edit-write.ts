import { isNotFound } from '@nexus/kube'
import type { InferenceService, KubeClient } from '@nexus/kube'
import { patchInferenceService, updateInferenceService } from '../api/InferenceService.ts'
import { patchServingRuntime, updateServingRuntime } from '../api/ServingRuntime.ts'
import type { ResourceName } from '../types.ts'
import { isRoleOfRehearsal } from './check-on-server.ts'
import type { EditPlan } from './edit-plan.ts'
import { resourceName } from './plan.ts'
import { handleNIMPVC } from './secrets.ts'

/** How a plan is written. */
export interface WriteMode {
  readonly isOverwrite: boolean
  readonly isRehearsal: boolean
  readonly signal: AbortSignal | undefined
  readonly done?: (resource: ResourceName, type: 'changed' | 'created' | 'removed') => void
}

/** Writes a plan in the order in which its parts need each other; returns the InferenceService where it changed. */
export async function writeEdit(
  kube: KubeClient,
  { pvc, runtime, creates, removes, isvc }: EditPlan,
  { isOverwrite, isRehearsal, signal, done = () => {} }: WriteMode,
): Promise<InferenceService | undefined> {
  if (pvc !== undefined) {
    done(resourceName(await handleNIMPVC(kube, { live: pvc.before, wanted: pvc.after }, { signal })), 'changed')
  }
  if (runtime !== undefined) {
    const save = isOverwrite ? patchServingRuntime : updateServingRuntime
    done(resourceName(await save(kube, runtime, { signal })), 'changed')
  }
  for (const object of creates) {
    await kube.create(object, { signal }).catch((cause: unknown) => {
      if (!(isRehearsal && isRoleOfRehearsal(object, cause))) throw cause
    })
    done(resourceName(object), 'created')
  }
  for (const { kind, name, namespace } of removes) {
    await kube.delete({ kind, name, namespace }, { signal }).catch((cause: unknown) => {
      if (!isNotFound(cause)) throw cause
    })
    done({ kind: kind.kind, name, namespace }, 'removed')
  }
  if (isvc === undefined) return undefined
  const save = isOverwrite ? patchInferenceService : updateInferenceService
  const saved = await save(kube, isvc, { signal })
  done(resourceName(saved), 'changed')
  return saved
}
