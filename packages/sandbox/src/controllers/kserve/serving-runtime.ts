import type { InferenceService, PredictorSpec, ServingRuntime } from '@nexus/kube'

/** Why an InferenceService has no runtime: KServe's reason and message for `status.modelStatus.lastFailureInfo`. */
export interface RuntimeFailure {
  readonly info: { readonly reason: string; readonly message: string }
  /** The text of the Warning event. */
  readonly event: string
}

export type RuntimeChoice = { readonly runtime: ServingRuntime } | { readonly failure: RuntimeFailure }

/**
 * The runtime of an InferenceService among those of its namespace: the one it names, else the best that selects itself
 * (`reconcileModel` in components/predictor.go). ClusterServingRuntimes are not looked at.
 */
export function chooseRuntime(isvc: InferenceService, runtimes: readonly ServingRuntime[]): RuntimeChoice {
  const { model } = isvc.spec.predictor
  if (model === undefined) return refused('InvalidPredictorSpec', 'a predictor without a model is not supported')
  return model.runtime === undefined ? selectRuntime(model, runtimes) : namedRuntime(model, model.runtime, runtimes)
}

type Model = NonNullable<PredictorSpec['model']>

function namedRuntime(model: Model, name: string, runtimes: readonly ServingRuntime[]): RuntimeChoice {
  const runtime = runtimes.find(({ metadata }) => metadata.name === name)
  if (runtime === undefined) {
    const event = `No ServingRuntimes or ClusterServingRuntimes with the name: ${name}`
    return refused('RuntimeNotRecognized', 'Waiting for runtime to become available', event)
  }
  if (runtime.spec.disabled === true) {
    return refused('RuntimeDisabled', 'Specified runtime is disabled', `specified runtime ${name} is disabled`)
  }
  if (!supports(runtime, model, false)) {
    const event = `specified runtime ${name} does not support specified framework/version`
    return refused('NoSupportingRuntime', 'Specified runtime does not support specified framework/version', event)
  }
  return { runtime }
}

function selectRuntime(model: Model, runtimes: readonly ServingRuntime[]): RuntimeChoice {
  const [runtime] = runtimes
    .filter((candidate) => candidate.spec.disabled !== true && candidate.spec.multiModel !== true)
    .filter((candidate) => supports(candidate, model, true))
    .sort((a, b) => priorityFor(b, model) - priorityFor(a, model) || newerFirst(a, b))
  if (runtime !== undefined) return { runtime }
  const event = `no runtime found to support predictor with model type: {${model.modelFormat.name} ${model.modelFormat.version ?? '<nil>'}}`
  return refused('NoSupportingRuntime', 'No runtime found to support specified framework/version', event)
}

/** `RuntimeSupportsModel` in pkg/apis/serving/v1beta1/predictor_model.go: a version counts only where the model names one. */
function supports({ spec }: ServingRuntime, { modelFormat }: Model, mustSelectItself: boolean): boolean {
  return (spec.supportedModelFormats ?? []).some(
    (format) =>
      format.name === modelFormat.name &&
      (modelFormat.version === undefined || format.version === modelFormat.version) &&
      (!mustSelectItself || format.autoSelect === true),
  )
}

/** A runtime with a priority comes before one without (`sortSupportedRuntimeByPriority`). */
function priorityFor({ spec }: ServingRuntime, { modelFormat }: Model): number {
  return spec.supportedModelFormats?.find(({ name }) => name === modelFormat.name)?.priority ?? -1
}

function newerFirst(a: ServingRuntime, b: ServingRuntime): number {
  const [created, other] = [a, b].map(({ metadata }) => Date.parse(metadata.creationTimestamp ?? '') || 0)
  return (other ?? 0) - (created ?? 0) || (a.metadata.name < b.metadata.name ? -1 : 1)
}

function refused(reason: string, message: string, event = message): RuntimeChoice {
  return { failure: { info: { reason, message }, event } }
}
