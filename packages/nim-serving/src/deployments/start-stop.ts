import { Kinds } from '@nexus/kube'
import type { InferenceService, KubeClient } from '@nexus/kube'
import { isStopped, STOP_ANNOTATION } from '../api/InferenceService.ts'
import type { DeploymentRef } from '../types.ts'
import { requireNIMDeployment } from './deployUtils.ts'
import { resourceName } from './plan.ts'
import type { Report } from './progress.ts'

export interface StartStopDeps {
  readonly kube: KubeClient
  readonly report?: Report | undefined
  readonly signal?: AbortSignal | undefined
  /** The server checks it and writes nothing. Default false. */
  readonly dryRun?: boolean | undefined
}

export interface StartStopResult {
  readonly outcome: 'changed' | 'unchanged'
  readonly isvc: InferenceService
}

/**
 * Stops a deployment: KServe takes its pods away and frees their GPUs; its objects and its weights stay. No write where it
 * is stopped.
 * @throws DeployError `NEXUS_DEPLOY_NOT_FOUND`, `NEXUS_DEPLOY_NOT_NIM`, `NEXUS_DEPLOY_DELETING`; KubeApiError.
 */
export function stopNIMDeployment(ref: DeploymentRef, deps: StartStopDeps): Promise<StartStopResult> {
  return setStopped(ref, true, deps)
}

/** Starts a stopped deployment; see `stopNIMDeployment`. No write where it is not stopped. */
export function startNIMDeployment(ref: DeploymentRef, deps: StartStopDeps): Promise<StartStopResult> {
  return setStopped(ref, false, deps)
}

async function setStopped(
  ref: DeploymentRef,
  stopped: boolean,
  { kube, report = () => {}, signal, dryRun = false }: StartStopDeps,
): Promise<StartStopResult> {
  const { isvc } = await requireNIMDeployment(kube, ref, { signal })
  if (isStopped(isvc) === stopped) return { outcome: 'unchanged', isvc }
  // A merge patch of the one annotation takes nothing from anybody, also where there are no annotations yet.
  const body = { metadata: { annotations: { [STOP_ANNOTATION]: String(stopped) } } }
  const isvcRef = { kind: Kinds.InferenceService, name: ref.name, namespace: ref.project }
  const options = { signal, ...(dryRun ? { dryRun: 'All' as const } : {}) }
  const changed = await kube.patch(isvcRef, { type: 'merge', body }, options)
  if (!dryRun) report({ type: 'changed', resource: resourceName(changed) })
  return { outcome: 'changed', isvc: changed }
}
