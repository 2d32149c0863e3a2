import { pvcName } from '@nexus/core'
import type { EnvVar, InferenceService, PersistentVolumeClaim, ServingRuntime } from '@nexus/kube'
import { HARDWARE_PROFILE_ANNOTATIONS, QUEUE_LABEL } from '../api/HardwareProfile.ts'
import { ENABLE_AUTH_ANNOTATION, runtimeNameOf, VISIBILITY_LABEL } from '../api/InferenceService.ts'
import { DESCRIPTION_ANNOTATION, DISPLAY_NAME_ANNOTATION } from '../api/metadata.ts'
import { cacheClaimName, cacheSubPath, servingContainer } from '../api/ServingRuntime.ts'
import type {
  DeployInput,
  HardwareProfileRef,
  NameInput,
  PlacementInput,
  ResourcesInput,
  StorageInput,
} from '../types.ts'

/** What a deployment's inputs are read from. */
export interface ExtractedObjects {
  readonly isvc: InferenceService
  readonly runtime: ServingRuntime
  /** The PVC of the weights, where somebody has read it: tells its size and class. */
  readonly pvc?: PersistentVolumeClaim | undefined
  /** Display names of the tokens of callers, where somebody has read them. */
  readonly tokens?: readonly string[] | undefined
}

/**
 * The inputs a deployment was made from, from its Kubernetes fields alone, whoever made it. What is read here and written
 * by `assembleNIM…` again gives the same objects.
 */
export function extractFormData({ isvc, runtime, pvc, tokens = [] }: ExtractedObjects): DeployInput {
  return {
    name: isvc.metadata.name,
    project: isvc.metadata.namespace ?? '',
    ...extractImage(isvc, runtime),
    displayName: isvc.metadata.annotations?.[DISPLAY_NAME_ANNOTATION] ?? isvc.metadata.name,
    description: isvc.metadata.annotations?.[DESCRIPTION_ANNOTATION] ?? '',
    ...extractReplicas(isvc),
    resources: extractResources(isvc),
    hardwareProfile: extractHardwareProfile(isvc),
    placement: extractPlacement(isvc),
    storage: extractStorage(isvc, runtime, pvc),
    env: extractEnvironmentVariables(isvc),
    args: extractRuntimeArgs(isvc),
    strategy: extractDeploymentStrategy(isvc),
    externalRoute: extractExternalRoute(isvc),
    auth: extractAuth(isvc),
    tokens,
    names: extractNames(isvc, runtime),
  }
}

/** Model, tag and registry out of the image, which is all three; the name of the format where there is no image. */
export function extractImage(
  isvc: InferenceService,
  runtime: ServingRuntime,
): Pick<DeployInput, 'model' | 'tag' | 'registry'> {
  const image = servingContainer(runtime)?.image ?? ''
  const format = isvc.spec.predictor.model?.modelFormat.name ?? ''
  const { registry, namespace, name, tag } = splitImage(image)
  return { model: { name: name || format, namespace }, tag, registry }
}

/**
 * `mirror:5000/cache/nim/meta/llama:1.8.4` → `mirror:5000/cache`, `nim/meta`, `llama`, `1.8.4`. A model's folder begins at
 * `nim`, else after the host. A digest is no tag: it is not offered for change, and stays.
 */
function splitImage(image: string): { registry: string; namespace: string; name: string; tag: string } {
  const path = image.split('/')
  const last = path.pop() ?? ''
  const [, name = '', tag = ''] = /^([^:@]*)(?::([^@]*))?/.exec(last) ?? []
  const root = path.indexOf('nim')
  const start = root === -1 ? 1 : root
  return { registry: path.slice(0, start).join('/'), namespace: path.slice(start).join('/'), name, tag }
}

/** KServe reads a missing minimum as one, a missing maximum as the minimum. */
export function extractReplicas({ spec }: InferenceService): Pick<DeployInput, 'minReplicas' | 'maxReplicas'> {
  const { minReplicas = 1, maxReplicas = minReplicas } = spec.predictor
  return { minReplicas, maxReplicas }
}

/** Sizes of a replica, GPUs and whatever else a profile asks for included. */
export function extractResources({ spec }: InferenceService): ResourcesInput {
  const { requests = {}, limits = {} } = spec.predictor.model?.resources ?? {}
  return { requests: { ...requests }, limits: { ...limits } }
}

/** The profile the deployment was sized by, undefined where it was sized by hand. */
export function extractHardwareProfile({ metadata }: InferenceService): HardwareProfileRef | undefined {
  const name = metadata.annotations?.[HARDWARE_PROFILE_ANNOTATIONS.name]
  if (name === undefined) return undefined
  return {
    name,
    namespace: metadata.annotations?.[HARDWARE_PROFILE_ANNOTATIONS.namespace] ?? '',
    resourceVersion: metadata.annotations?.[HARDWARE_PROFILE_ANNOTATIONS.resourceVersion],
  }
}

/** Where pods may run. */
export function extractPlacement({ metadata, spec }: InferenceService): PlacementInput {
  const { tolerations = [], nodeSelector = {} } = spec.predictor
  return { tolerations, nodeSelector, queue: metadata.labels?.[QUEUE_LABEL] }
}

/** Whether the PVC is the deployment's own by its name, or one that the user chose. */
export function extractStorage(
  isvc: InferenceService,
  runtime: ServingRuntime,
  pvc?: PersistentVolumeClaim,
): StorageInput {
  const claim = cacheClaimName(runtime) ?? ''
  const subPath = cacheSubPath(runtime)
  if (claim !== pvcName(isvc.metadata.name)) return { mode: 'existing', pvc: claim, subPath }
  const size = pvc?.spec.resources?.requests?.['storage']
  const storageClass = pvc?.spec.storageClassName
  return { mode: 'new', pvc: claim, subPath, size: size === undefined ? undefined : String(size), storageClass }
}

/** The user's variables, values and sources alike; those of the runtime are not the user's. */
export function extractEnvironmentVariables({ spec }: InferenceService): readonly EnvVar[] {
  return spec.predictor.model?.env ?? []
}

export function extractRuntimeArgs({ spec }: InferenceService): readonly string[] {
  return spec.predictor.model?.args ?? []
}

/** Kubernetes' own default where none is written. */
export function extractDeploymentStrategy({ spec }: InferenceService): DeployInput['strategy'] {
  return spec.predictor.deploymentStrategy?.type ?? 'RollingUpdate'
}

export function extractExternalRoute({ metadata }: InferenceService): boolean {
  return metadata.labels?.[VISIBILITY_LABEL] === 'exposed'
}

/** Off where nothing is written: the one producer that leaves it out means off. */
export function extractAuth({ metadata }: InferenceService): boolean {
  return metadata.annotations?.[ENABLE_AUTH_ANNOTATION] === 'true'
}

/** The objects the deployment's own ones name: its runtime, its Secrets or the shared ones of older deployments. */
export function extractNames(isvc: InferenceService, runtime: ServingRuntime): NameInput {
  const key = servingContainer(runtime)?.env?.find(({ name }) => name === 'NGC_API_KEY')?.valueFrom?.secretKeyRef
  return {
    runtime: runtimeNameOf(isvc) ?? runtime.metadata.name,
    apiKeySecret: key?.name,
    pullSecret: runtime.spec.imagePullSecrets?.[0]?.name,
  }
}
