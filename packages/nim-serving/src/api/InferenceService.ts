import { Kinds, refTo } from '@nexus/kube'
import type { InferenceService, KubeClient, WriteOptions } from '@nexus/kube'
import { explainMissingKind } from './missing-kind.ts'
import { patchByDifference, updateByMerge } from './update.ts'
import type { Change } from './update.ts'

/** `"true"` scales the deployment to nothing and keeps the InferenceService. KServe, `constants.StopAnnotationKey`. */
export const STOP_ANNOTATION = 'serving.kserve.io/stop'

/**
 * `RawDeployment` makes KServe create a plain Deployment. An alias of `Standard` since v0.16, and the only one of the two
 * that older versions know.
 */
export const DEPLOYMENT_MODE_ANNOTATION = 'serving.kserve.io/deploymentMode'

/** Whether a bearer token is asked for. Written always: readers take its absence for on, some writers mean off. */
export const ENABLE_AUTH_ANNOTATION = 'security.opendatahub.io/enable-auth'

/** `exposed` asks the model controller for a way in from outside the cluster. */
export const VISIBILITY_LABEL = 'networking.kserve.io/visibility'

export const MODEL_TYPE_ANNOTATION = 'opendatahub.io/model-type'
export const NIM_MODEL_TYPE = 'NVIDIA NIM'

/** The label of a predictor's pods; its value is the InferenceService's name. */
export const INFERENCE_SERVICE_LABEL = 'serving.kserve.io/inferenceservice'

/** The ServingRuntime an InferenceService runs on, undefined where KServe chooses one by model format. */
export function runtimeNameOf(isvc: InferenceService): string | undefined {
  return isvc.spec.predictor.model?.runtime
}

/** Whether the InferenceService has been stopped on purpose. */
export function isStopped(isvc: InferenceService): boolean {
  return isvc.metadata.annotations?.[STOP_ANNOTATION] === 'true'
}

/** The InferenceService stopped, or to be started. Pure. */
export function withStopped(isvc: InferenceService, stopped: boolean): InferenceService {
  const annotations = { ...isvc.metadata.annotations, [STOP_ANNOTATION]: String(stopped) }
  return { ...isvc, metadata: { ...isvc.metadata, annotations } }
}

/** Whether the InferenceService says of itself that it is a NIM; for those whose ServingRuntime is gone. */
export function claimsToBeNIM(isvc: InferenceService): boolean {
  return isvc.metadata.annotations?.[MODEL_TYPE_ANNOTATION] === NIM_MODEL_TYPE
}

/** Creates an InferenceService. @throws DeployError `NEXUS_DEPLOY_KSERVE_MISSING`; KubeApiError. */
export function createInferenceService(
  kube: KubeClient,
  isvc: InferenceService,
  options?: WriteOptions,
): Promise<InferenceService> {
  return explainMissingKind(kube.create(isvc, options))
}

/** Overwrites what differs; see `patchByDifference`. No call where nothing does. */
export function patchInferenceService(
  kube: KubeClient,
  change: Change<InferenceService>,
  options?: WriteOptions,
): Promise<InferenceService> {
  return patchByDifference(kube, refTo(Kinds.InferenceService, change.before.metadata), change, options)
}

/** Merges what differs into the very version that was read; see `updateByMerge`. No call where nothing does. */
export function updateInferenceService(
  kube: KubeClient,
  change: Change<InferenceService>,
  options?: WriteOptions,
): Promise<InferenceService> {
  return updateByMerge(kube, refTo(Kinds.InferenceService, change.before.metadata), change, options)
}
