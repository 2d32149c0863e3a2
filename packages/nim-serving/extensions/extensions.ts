import type {
  AuthExtension,
  DeleteExtension,
  DeployExtension,
  FetchStatusExtension,
  FieldExtractorExtension,
  FormDataExtension,
  NIMExtension,
  PlatformExtension,
  ServingRuntimeDetailsExtension,
  StartStopExtension,
  WatchDeploymentsExtension,
} from './contract.ts'
import { NIM_SERVING_ID } from './deployment.ts'
import type { NIMHost } from './host.ts'

export type * from './contract.ts'
export { NIM_LOCATION, NIM_SERVING_ID } from './deployment.ts'
export type { DetailsRow, NIMHost } from './host.ts'
export { createSdkKubeClient } from './sdk-client.ts'
export type { SdkModel, SdkOptions, SdkQueryOptions, SdkUtils } from './sdk.ts'

const flags = { required: [NIM_SERVING_ID] } as const
const platform = NIM_SERVING_ID

/** Above KServe (0) and llm-d (100), which would take the deployment as well. */
const DEPLOY_PRIORITY = 150

/**
 * NVIDIA NIM as a platform of the dashboard's model serving. The code behind each extension is loaded when the dashboard
 * first needs it.
 */
export function createNIMExtensions(host: NIMHost): readonly NIMExtension[] {
  return [
    platformExtension,
    deployExtension(host),
    formDataExtension,
    imageExtractor,
    storageExtractor,
    watchExtension(host),
    detailsExtension(host),
    deleteExtension(host),
    startStopExtension(host),
    fetchStatusExtension(host),
    authExtension,
  ]
}

const platformExtension: PlatformExtension = {
  type: 'model-serving.platform',
  properties: {
    id: NIM_SERVING_ID,
    manage: {
      namespaceApplicationCase: 'nvidia-nim-promotion',
      priority: DEPLOY_PRIORITY,
      projectRequirements: {
        annotations: { 'opendatahub.io/nim-support': 'true' },
        labels: { 'modelmesh-enabled': 'false' },
      },
      clusterRequirements: { integrationAppName: 'nvidia-nim' },
    },
    enableCardText: {
      title: 'NVIDIA NIM model serving platform',
      description: 'Models are deployed with NVIDIA NIM microservices, each with an API key of its own.',
      selectText: 'Select NVIDIA NIM',
      enabledText: 'NVIDIA NIM serving enabled',
      objectType: 'single-model',
    },
    deployedModelsView: {
      startHintTitle: 'Start by deploying a model',
      startHintDescription: 'Each NVIDIA NIM model is deployed on a model server of its own.',
      deployButtonText: 'Deploy model',
    },
  },
  flags,
}

function deployExtension(host: NIMHost): DeployExtension {
  return {
    type: 'model-serving.deployment/deploy',
    properties: {
      platform,
      priority: DEPLOY_PRIORITY,
      supportsOverwrite: true,
      isActive: async () => (await import('./actions.ts')).isNIMDeployActive,
      deploy: async () => (await import('./actions.ts')).deployWith(host),
    },
    flags,
  }
}

const formDataExtension: FormDataExtension = {
  type: 'model-serving.deployment/form-data',
  properties: {
    platform,
    priority: DEPLOY_PRIORITY,
    isActive: async () => (deployment) => deployment.modelServingPlatformId === NIM_SERVING_ID,
    hardwareProfilePaths: async () => (await import('./form-data.ts')).HARDWARE_PROFILE_PATHS,
    extractHardwareProfileConfig: async () => (await import('./form-data.ts')).extractHardwareProfileConfig,
    extractModelFormat: async () => (await import('./form-data.ts')).extractModelFormat,
    extractReplicas: async () => (await import('./form-data.ts')).extractReplicas,
    extractRuntimeArgs: async () => (await import('./form-data.ts')).extractRuntimeArgs,
    extractEnvironmentVariables: async () => (await import('./form-data.ts')).extractEnvironmentVariables,
    extractModelAvailabilityData: async () => (await import('./form-data.ts')).extractModelAvailabilityData,
    extractModelLocationData: async () => (await import('./form-data.ts')).extractModelLocationData,
    extractDeploymentStrategy: async () => (await import('./form-data.ts')).extractDeploymentStrategy,
  },
  flags,
}

const imageExtractor: FieldExtractorExtension = {
  type: 'model-serving.deployment/wizard-field-extractor',
  properties: {
    platform,
    fieldId: 'nim-serving/nimImage',
    extract: async () => (await import('./form-data.ts')).extractNIMImage,
  },
  flags,
}

const storageExtractor: FieldExtractorExtension = {
  type: 'model-serving.deployment/wizard-field-extractor',
  properties: {
    platform,
    fieldId: 'nim-serving/pvcStorage',
    extract: async () => (await import('./form-data.ts')).extractPVCStorage,
  },
  flags,
}

function watchExtension(host: NIMHost): WatchDeploymentsExtension {
  return {
    type: 'model-serving.platform/watch-deployments',
    properties: { platform, watch: async () => (await import('./actions.ts')).watchWith(host) },
    flags,
  }
}

function detailsExtension(host: NIMHost): ServingRuntimeDetailsExtension {
  return {
    type: 'model-serving.deployed-model/serving-runtime',
    properties: {
      platform,
      ServingDetailsComponent: async () => host.detailsComponent((await import('./actions.ts')).detailsWith(host)),
    },
    flags,
  }
}

function deleteExtension(host: NIMHost): DeleteExtension {
  return {
    type: 'model-serving.platform/delete-deployment',
    properties: {
      platform,
      title: 'Delete NVIDIA NIM deployment?',
      submitButtonLabel: 'Delete deployment',
      onDelete: async () => (await import('./actions.ts')).deleteWith(host),
    },
    flags,
  }
}

function startStopExtension(host: NIMHost): StartStopExtension {
  return {
    type: 'model-serving.deployments-table/start-stop-action',
    properties: {
      platform,
      patchDeploymentStoppedStatus: async () => (await import('./actions.ts')).startStopWith(host),
    },
    flags,
  }
}

function fetchStatusExtension(host: NIMHost): FetchStatusExtension {
  return {
    type: 'model-serving.platform/fetch-deployment-status',
    properties: { platform, fetch: async () => (await import('./actions.ts')).fetchWith(host) },
    flags,
  }
}

/** A deployment says itself whether it asks for a token. */
const authExtension: AuthExtension = {
  type: 'model-serving.auth',
  properties: { platform, usePlatformAuthEnabled: async () => () => true },
  flags,
}
