import type { Condition, KubeObject } from '../objects.ts'
import type { Container, EnvVar, PodSpec, ResourceRequirements } from './core.ts'
import type { DeploymentStrategy } from './workloads.ts'

// Kinds of serving.kserve.io (KServe v0.16 and later): the fields this project reads or writes.

export interface SupportedModelFormat {
  name: string
  version?: string
  autoSelect?: boolean
  priority?: number
}

export interface ServingRuntime extends KubeObject {
  spec: Omit<PodSpec, 'containers'> & {
    containers: Container[]
    annotations?: Record<string, string>
    labels?: Record<string, string>
    supportedModelFormats?: SupportedModelFormat[]
    protocolVersions?: string[]
    multiModel?: boolean
    disabled?: boolean
  }
}

export interface PredictorSpec extends Partial<Omit<PodSpec, 'containers'>> {
  minReplicas?: number
  maxReplicas?: number
  deploymentStrategy?: DeploymentStrategy
  labels?: Record<string, string>
  annotations?: Record<string, string>
  model?: Partial<Omit<Container, 'env' | 'args' | 'resources'>> & {
    modelFormat: { name: string; version?: string }
    runtime?: string
    storageUri?: string
    resources?: ResourceRequirements
    args?: string[]
    env?: EnvVar[]
  }
}

export interface InferenceService extends KubeObject {
  spec: { predictor: PredictorSpec }
  status?: {
    url?: string
    address?: { url?: string }
    conditions?: (Condition & { severity?: string })[]
    components?: Record<string, { url?: string; [field: string]: unknown }>
    modelStatus?: {
      transitionStatus?: '' | 'UpToDate' | 'InProgress' | 'BlockedByFailedLoad' | 'InvalidSpec'
      states?: { activeModelState?: string; targetModelState?: string }
      copies?: { failedCopies: number; totalCopies?: number }
      lastFailureInfo?: { reason?: string; message?: string; exitCode?: number; time?: string; location?: string }
    }
    deploymentMode?: string
    servingRuntimeName?: string
    clusterServingRuntimeName?: string
    observedGeneration?: number
  }
}
