import type { InferenceService } from '@nexus/kube'
import { extractFormData } from '@nexus/nim-serving'
import type { DeployInput } from '@nexus/nim-serving'
import type {
  DashboardDeployment,
  DashboardResources,
  EnvironmentVariables,
  PVCStorage,
  RuntimeArgs,
} from './contract.ts'
import { NIM_LOCATION } from './deployment.ts'

// Each function reads one field of the wizard back out of a deployment; none needs anything but the deployment's objects.

/** Where the parts of a hardware profile stand in an InferenceService. */
export const HARDWARE_PROFILE_PATHS = {
  containerResourcesPath: 'spec.predictor.model.resources',
  tolerationsPath: 'spec.predictor.tolerations',
  nodeSelectorPath: 'spec.predictor.nodeSelector',
} as const

export function extractHardwareProfileConfig(deployment: DashboardDeployment): {
  data: { name: string | undefined; resources: DashboardResources; namespace: string | undefined }
} {
  const { hardwareProfile, resources } = inputOf(deployment)
  return { data: { name: hardwareProfile?.name, resources, namespace: hardwareProfile?.namespace } }
}

export function extractModelFormat({ model }: DashboardDeployment): { name: string } | null {
  const name = model.spec.predictor.model?.modelFormat.name
  return name === undefined ? null : { name }
}

export function extractReplicas(deployment: DashboardDeployment): { data: number | null } {
  return { data: inputOf(deployment).minReplicas }
}

export function extractRuntimeArgs(deployment: DashboardDeployment): RuntimeArgs {
  const { args } = inputOf(deployment)
  return { enabled: args.length > 0, args }
}

/** Variables with a value. Those with a source are not the form's to show; an edit keeps them. */
export function extractEnvironmentVariables(deployment: DashboardDeployment): EnvironmentVariables {
  const { env } = inputOf(deployment)
  const variables = env.flatMap(({ name, value, valueFrom }) =>
    valueFrom === undefined ? [{ name, value: value ?? '' }] : [],
  )
  return { enabled: variables.length > 0, variables }
}

export function extractModelAvailabilityData({ model }: DashboardDeployment): {
  saveAsAiAsset: boolean
  useCase?: string
} {
  const useCase = model.metadata.annotations?.['opendatahub.io/genai-use-case']
  const saveAsAiAsset = model.metadata.labels?.['opendatahub.io/genai-asset'] === 'true'
  return { saveAsAiAsset, ...(useCase !== undefined && { useCase }) }
}

export function extractModelLocationData(): {
  type: string
  fieldValues: Record<string, never>
  additionalFields: Record<string, never>
} {
  return { type: NIM_LOCATION, fieldValues: {}, additionalFields: {} }
}

export function extractDeploymentStrategy(deployment: DashboardDeployment): 'rolling' | 'recreate' {
  return inputOf(deployment).strategy === 'Recreate' ? 'recreate' : 'rolling'
}

/** The wizard's field of the image, null where the ServingRuntime is gone. */
export function extractNIMImage(deployment: DashboardDeployment): { repository: string; tag: string } | null {
  if (deployment.server === undefined) return null
  const { registry, model, tag } = inputOf(deployment)
  return { repository: [registry, model.namespace, model.name].filter((part) => part !== '').join('/'), tag }
}

/** The wizard's field of the storage, null where the ServingRuntime is gone. */
export function extractPVCStorage(deployment: DashboardDeployment): PVCStorage | null {
  if (deployment.server === undefined) return null
  const { storage } = inputOf(deployment)
  return {
    storageMode: storage.mode,
    pvcName: storage.pvc,
    ...(storage.subPath !== undefined && { subPath: storage.subPath }),
  }
}

/** Without its ServingRuntime, a deployment still has everything that its InferenceService says. */
function inputOf({ model, server }: DashboardDeployment): DeployInput {
  return extractFormData({ isvc: model, runtime: server ?? emptyRuntime(model) })
}

function emptyRuntime({ metadata }: InferenceService): NonNullable<DashboardDeployment['server']> {
  return {
    apiVersion: 'serving.kserve.io/v1alpha1',
    kind: 'ServingRuntime',
    metadata: { name: metadata.name },
    spec: { containers: [] },
  }
}
