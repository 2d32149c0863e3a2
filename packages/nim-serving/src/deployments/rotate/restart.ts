import { Kinds } from '@nexus/kube'
import type { DeploymentStrategy, InferenceService, KubeClient, ObjectRef, WriteOptions } from '@nexus/kube'
import { ROTATION_KEY, strategyDuring, wantedMark } from './rotation.ts'
import type { Rotation } from './rotation.ts'

// KServe gives the annotations of `spec.predictor` to the pods, so that a new value there replaces them once, with whatever
// else changes in the same write. Annotations of the InferenceService itself would do, too; those of the Deployment KServe
// takes back.

/** The id of the rotation that the pods are to come from; null: none yet. */
export function markOf(isvc: InferenceService): string | null {
  return isvc.spec.predictor.annotations?.[ROTATION_KEY] ?? null
}

/**
 * Lets KServe replace the pods, by the rotation's strategy. Not written where it is so already.
 * @throws KubeApiError
 */
export async function restartPods(
  kube: KubeClient,
  isvc: InferenceService,
  rotation: Rotation,
  options: WriteOptions,
): Promise<boolean> {
  const mark = wantedMark(rotation)
  const strategy = strategyDuring(rotation)
  if (markOf(isvc) === mark) return false
  const predictor = {
    annotations: { [ROTATION_KEY]: mark },
    ...(strategy === undefined ? {} : { deploymentStrategy: strategyPatch(strategy) }),
  }
  await patchPredictor(kube, isvc, predictor, options)
  return true
}

/**
 * Gives the InferenceService its own strategy back, unless somebody has changed it meanwhile. Replaces no pods.
 * @throws KubeApiError
 */
export async function restoreStrategy(
  kube: KubeClient,
  isvc: InferenceService,
  rotation: Rotation,
  options: WriteOptions,
): Promise<void> {
  if (!hasStrategyDuring(isvc, rotation)) return
  const deploymentStrategy =
    rotation.strategyBefore === null ? null : strategyPatch(toStrategy(rotation.strategyBefore))
  await patchPredictor(kube, isvc, { deploymentStrategy }, options)
}

/** Whether the InferenceService has the strategy that this rotation gave it. */
export function hasStrategyDuring(isvc: InferenceService, rotation: Rotation): boolean {
  const during = strategyDuring(rotation)
  const before = rotation.strategyBefore === null ? undefined : toStrategy(rotation.strategyBefore)
  const now = isvc.spec.predictor.deploymentStrategy
  return during !== undefined && isSame(now, during) && !isSame(before, during)
}

async function patchPredictor(
  kube: KubeClient,
  { metadata: { name, namespace, uid } }: InferenceService,
  predictor: object,
  options: WriteOptions,
): Promise<void> {
  const ref: ObjectRef<InferenceService> = { kind: Kinds.InferenceService, name, namespace }
  await kube.patch(ref, { type: 'merge', body: { metadata: { uid }, spec: { predictor } } }, options)
}

/** As a merge patch, which would otherwise leave fields of the strategy that was. */
function strategyPatch({ type, rollingUpdate }: DeploymentStrategy): object {
  const { maxSurge = null, maxUnavailable = null } = rollingUpdate ?? {}
  return { type: type ?? null, rollingUpdate: rollingUpdate === undefined ? null : { maxSurge, maxUnavailable } }
}

/** Fields that are absent are left out, as they are on the wire. */
function toStrategy({ type, rollingUpdate }: NonNullable<Rotation['strategyBefore']>): DeploymentStrategy {
  const { maxSurge, maxUnavailable } = rollingUpdate ?? {}
  return {
    ...(type !== undefined && { type }),
    ...(rollingUpdate !== undefined && {
      rollingUpdate: {
        ...(maxSurge !== undefined && { maxSurge }),
        ...(maxUnavailable !== undefined && { maxUnavailable }),
      },
    }),
  }
}

function isSame(a: DeploymentStrategy | undefined, b: DeploymentStrategy | undefined): boolean {
  return (
    a?.type === b?.type &&
    a?.rollingUpdate?.maxSurge === b?.rollingUpdate?.maxSurge &&
    a?.rollingUpdate?.maxUnavailable === b?.rollingUpdate?.maxUnavailable
  )
}
