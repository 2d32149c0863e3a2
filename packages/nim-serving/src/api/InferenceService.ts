import type { InferenceService } from '@nexus/kube'

/** `"true"` scales the deployment to nothing and keeps the InferenceService. KServe, `constants.StopAnnotationKey`. */
export const STOP_ANNOTATION = 'serving.kserve.io/stop'

/**
 * `RawDeployment` makes KServe create a plain Deployment. An alias of `Standard` since v0.16, and the only one of the two
 * that older versions know.
 */
export const DEPLOYMENT_MODE_ANNOTATION = 'serving.kserve.io/deploymentMode'

/** Whether a bearer token is asked for. Written always: readers take its absence for on, some writers mean off. */
export const ENABLE_AUTH_ANNOTATION = 'security.opendatahub.io/enable-auth'

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

/** Whether the InferenceService says of itself that it is a NIM; for those whose ServingRuntime is gone. */
export function claimsToBeNIM(isvc: InferenceService): boolean {
  return isvc.metadata.annotations?.[MODEL_TYPE_ANNOTATION] === NIM_MODEL_TYPE
}
