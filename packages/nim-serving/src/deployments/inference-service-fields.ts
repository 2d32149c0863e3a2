import type { InferenceService, PredictorSpec } from '@nexus/kube'
import { HARDWARE_PROFILE_ANNOTATIONS, QUEUE_LABEL } from '../api/HardwareProfile.ts'
import { ENABLE_AUTH_ANNOTATION, VISIBILITY_LABEL } from '../api/InferenceService.ts'
import { DESCRIPTION_ANNOTATION, DISPLAY_NAME_ANNOTATION } from '../api/metadata.ts'
import type { DeployInput } from '../types.ts'

// Each function writes one input to an InferenceService and leaves the rest as it is; `extract.ts` reads each back. The
// same functions make a new InferenceService and amend one that is there, whoever made it.

/** Writes the name that people read. */
export function withDisplayName(isvc: InferenceService, { displayName }: DeployInput): InferenceService {
  return withAnnotations(isvc, { [DISPLAY_NAME_ANNOTATION]: displayName })
}

export function withDescription(isvc: InferenceService, { description }: DeployInput): InferenceService {
  return withAnnotations(isvc, { [DESCRIPTION_ANNOTATION]: description })
}

/** Writes whether a token is asked for, always in words: readers take silence for on, some writers mean off. */
export function withAuth(isvc: InferenceService, { auth }: DeployInput): InferenceService {
  return withAnnotations(isvc, { [ENABLE_AUTH_ANNOTATION]: String(auth) })
}

/** Writes whether there is a way in from outside the cluster. */
export function withExternalRoute(isvc: InferenceService, { externalRoute }: DeployInput): InferenceService {
  return withLabels(isvc, { [VISIBILITY_LABEL]: externalRoute ? 'exposed' : undefined })
}

export function withReplicas(isvc: InferenceService, { minReplicas, maxReplicas }: DeployInput): InferenceService {
  return withPredictor(isvc, { minReplicas, maxReplicas })
}

/** Writes how versions replace each other; the numbers of an earlier rolling update go with it. */
export function withStrategy(isvc: InferenceService, { strategy }: DeployInput): InferenceService {
  return withPredictor(isvc, { deploymentStrategy: { type: strategy } })
}

/** Writes which model runs on which runtime: the runtime has this one format, which nothing selects by itself. */
export function withModelReference(isvc: InferenceService, { model, names }: DeployInput): InferenceService {
  return withModel(isvc, { ...modelOf(isvc), modelFormat: { name: model.name }, runtime: names.runtime })
}

/** Writes which profile sized it. On OpenShift AI a webhook reads these annotations. */
export function withHardwareProfile(isvc: InferenceService, { hardwareProfile }: DeployInput): InferenceService {
  return withAnnotations(isvc, {
    [HARDWARE_PROFILE_ANNOTATIONS.name]: hardwareProfile?.name,
    [HARDWARE_PROFILE_ANNOTATIONS.namespace]: hardwareProfile?.namespace,
    [HARDWARE_PROFILE_ANNOTATIONS.resourceVersion]: hardwareProfile?.resourceVersion,
  })
}

export function withResources(isvc: InferenceService, { resources }: DeployInput): InferenceService {
  const sizes = { requests: { ...resources.requests }, limits: { ...resources.limits } }
  return withModel(isvc, { ...modelOf(isvc), resources: sizes })
}

/** Writes where pods may run: on plain Kubernetes no webhook derives it from the profile. */
export function withPlacement(isvc: InferenceService, { placement }: DeployInput): InferenceService {
  const { tolerations, nodeSelector, queue } = placement
  const { tolerations: _, nodeSelector: __, ...predictor } = isvc.spec.predictor
  const placed: PredictorSpec = {
    ...predictor,
    ...(tolerations.length === 0 ? {} : { tolerations: tolerations.map((toleration) => ({ ...toleration })) }),
    ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector: { ...nodeSelector } }),
  }
  return withLabels({ ...isvc, spec: { ...isvc.spec, predictor: placed } }, { [QUEUE_LABEL]: queue })
}

export function withArgs(isvc: InferenceService, { args }: DeployInput): InferenceService {
  const { args: _, ...model } = modelOf(isvc)
  return withModel(isvc, args.length === 0 ? model : { ...model, args: [...args] })
}

/** Variables go to the InferenceService, not to the ServingRuntime: KServe merges them into the model server's own. */
export function withEnv(isvc: InferenceService, { env }: DeployInput): InferenceService {
  const { env: _, ...model } = modelOf(isvc)
  return withModel(isvc, env.length === 0 ? model : { ...model, env: env.map((variable) => ({ ...variable })) })
}

type Model = NonNullable<PredictorSpec['model']>

function modelOf({ metadata, spec }: InferenceService): Model {
  return spec.predictor.model ?? { modelFormat: { name: metadata.name } }
}

function withModel(isvc: InferenceService, model: Model): InferenceService {
  return withPredictor(isvc, { model })
}

function withPredictor(isvc: InferenceService, changes: Partial<PredictorSpec>): InferenceService {
  return { ...isvc, spec: { ...isvc.spec, predictor: { ...isvc.spec.predictor, ...changes } } }
}

function withAnnotations(isvc: InferenceService, changes: Record<string, string | undefined>): InferenceService {
  return withMap(isvc, 'annotations', changes)
}

function withLabels(isvc: InferenceService, changes: Record<string, string | undefined>): InferenceService {
  return withMap(isvc, 'labels', changes)
}

/** A map that is not there stays so where nothing is to be written to it; undefined takes an entry away. */
function withMap(
  isvc: InferenceService,
  field: 'labels' | 'annotations',
  changes: Record<string, string | undefined>,
): InferenceService {
  const map = new Map(Object.entries(isvc.metadata[field] ?? {}))
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) map.delete(key)
    else map.set(key, value)
  }
  if (map.size === 0 && isvc.metadata[field] === undefined) return isvc
  return { ...isvc, metadata: { ...isvc.metadata, [field]: Object.fromEntries(map) } }
}
