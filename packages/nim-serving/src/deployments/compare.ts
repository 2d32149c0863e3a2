import { compareQuantities } from '@nexus/kube'
import type { EnvVar, InferenceService, Quantity, ResourceList, ServingRuntime } from '@nexus/kube'
import { runtimeNameOf } from '../api/InferenceService.ts'
import { DESCRIPTION_ANNOTATION, DISPLAY_NAME_ANNOTATION } from '../api/metadata.ts'
import { cacheClaimName, cacheSubPath, servingContainer } from '../api/ServingRuntime.ts'
import type { FieldDifference } from '../errors.ts'

// "Same inputs" is decided by reading the inputs back out of the live objects and out of the assembled ones by the same
// functions. What a server or a controller adds to an object, and what a newer template holds, is no input.

type Fields = Readonly<Record<string, string>>

/** Whether the live deployment was made from other inputs than the wanted one. */
export function differencesOfInferenceService(live: InferenceService, wanted: InferenceService): FieldDifference[] {
  return [
    ...differencesOf(inferenceServiceFields(live), inferenceServiceFields(wanted)),
    ...differencesOfQuantities('requests', resourcesOf(live).requests, resourcesOf(wanted).requests),
    ...differencesOfQuantities('limits', resourcesOf(live).limits, resourcesOf(wanted).limits),
  ]
}

/** Whether the live ServingRuntime was made from other inputs than the wanted one. */
export function differencesOfRuntime(live: ServingRuntime, wanted: ServingRuntime): FieldDifference[] {
  return differencesOf(runtimeFields(live), runtimeFields(wanted))
}

function inferenceServiceFields(isvc: InferenceService): Fields {
  const { predictor } = isvc.spec
  const { annotations = {} } = isvc.metadata
  return {
    'display name': annotations[DISPLAY_NAME_ANNOTATION] ?? isvc.metadata.name,
    description: annotations[DESCRIPTION_ANNOTATION] ?? '',
    replicas: replicasText(predictor.minReplicas, predictor.maxReplicas),
    strategy: predictor.deploymentStrategy?.type ?? 'RollingUpdate',
    model: predictor.model?.modelFormat.name ?? '',
    runtime: runtimeNameOf(isvc) ?? '',
    args: (predictor.model?.args ?? []).join(' '),
    env: (predictor.model?.env ?? []).map(envText).sort().join(' '),
  }
}

function runtimeFields(runtime: ServingRuntime): Fields {
  const key = servingContainer(runtime)?.env?.find(({ name }) => name === 'NGC_API_KEY')?.valueFrom?.secretKeyRef
  return {
    image: servingContainer(runtime)?.image ?? '',
    pvc: cacheClaimName(runtime) ?? '',
    'pvc folder': cacheSubPath(runtime) ?? '',
    'key Secret': key === undefined ? '' : `${key.name}/${key.key}`,
    'pull Secret': (runtime.spec.imagePullSecrets ?? []).map(({ name }) => name).join(' '),
  }
}

/** KServe reads a missing minimum as one, a missing maximum as the minimum. */
function replicasText(min = 1, max = min): string {
  return min === max ? String(min) : `${min}-${max}`
}

function envText({ name, value = '', valueFrom }: EnvVar): string {
  return valueFrom === undefined ? `${name}=${value}` : `${name}=(from ${JSON.stringify(valueFrom)})`
}

function resourcesOf(isvc: InferenceService): { requests: ResourceList; limits: ResourceList } {
  const { requests = {}, limits = {} } = isvc.spec.predictor.model?.resources ?? {}
  return { requests, limits }
}

function differencesOf(live: Fields, wanted: Fields): FieldDifference[] {
  return Object.entries(wanted)
    .map(([field, value]) => ({ field, live: live[field] ?? '', wanted: value }))
    .filter((pair) => pair.live !== pair.wanted)
}

/** `1` and `"1000m"` are one quantity. */
function differencesOfQuantities(field: string, live: ResourceList, wanted: ResourceList): FieldDifference[] {
  const names = [...new Set([...Object.keys(live), ...Object.keys(wanted)])].sort()
  return names
    .filter((name) => !sameQuantity(live[name], wanted[name]))
    .map((name) => ({ field: `${field} ${name}`, live: quantityText(live[name]), wanted: quantityText(wanted[name]) }))
}

function sameQuantity(a: Quantity | undefined, b: Quantity | undefined): boolean {
  return a === undefined || b === undefined ? a === b : compareQuantities(a, b) === 0
}

function quantityText(quantity: Quantity | undefined): string {
  return quantity === undefined ? 'none' : String(quantity)
}
