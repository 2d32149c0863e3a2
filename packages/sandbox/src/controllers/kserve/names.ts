// Names that KServe reads and writes: pkg/constants/constants.go at kserve/kserve@aaac4e294.

export const DEPLOYMENT_MODE = 'serving.kserve.io/deploymentMode'
export const AUTOSCALER_CLASS = 'serving.kserve.io/autoscalerClass'
export const STOP = 'serving.kserve.io/stop'
export const DISABLE_AUTO_UPDATE = 'serving.kserve.io/disable-auto-update'
export const INFERENCE_SERVICE_LABEL = 'serving.kserve.io/inferenceservice'
export const COMPONENT_LABEL = 'component'
export const FINALIZER = 'inferenceservice.finalizers'
export const MODEL_CONTAINER = 'kserve-container'
export const TRANSFORMER_CONTAINER = 'transformer-container'
export const STORAGE_INITIALIZER_CONTAINER = 'storage-initializer'

const AGENT = 'internal.serving.kserve.io'

/** Annotations of an InferenceService that its Deployment, Service and HPA do not get (`ServiceAnnotationDisallowedList`). */
const KEPT_ON_INFERENCE_SERVICE = new Set([
  'autoscaling.knative.dev/min-scale',
  'autoscaling.knative.dev/max-scale',
  'internal.serving.kserve.io/storage-initializer-sourceuri',
  'kubectl.kubernetes.io/last-applied-configuration',
  'modelFormat',
])

/** The annotations that go down to the objects of a predictor. */
export function propagated(annotations: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => !KEPT_ON_INFERENCE_SERVICE.has(key)))
}

/** Name of the ConfigMap that lists the models of a predictor without a storage URI (`ModelConfigName`, shard 0). */
export function modelConfigName(name: string): string {
  return `modelconfig-${name}-0`
}

/**
 * Annotations for the model agent. A predictor without a storage URI counts as a multi-model server, so every NIM gets
 * them (`addAgentAnnotations` in components/component.go, `IsMMSPredictor` in utils/utils.go).
 */
export function agentAnnotations(name: string): Record<string, string> {
  return {
    [`${AGENT}/agent`]: 'true',
    [`${AGENT}/configMountPath`]: '/mnt/configs',
    [`${AGENT}/configVolumeName`]: modelConfigName(name),
    [`${AGENT}/modelDir`]: '/mnt/models',
  }
}

/** Whether the annotation `serving.kserve.io/stop` says so, in any case (`GetForceStopRuntime` in pkg/utils/utils.go). */
export function isStopped(annotations: Record<string, string> = {}): boolean {
  return annotations[STOP]?.toLowerCase() === 'true'
}
