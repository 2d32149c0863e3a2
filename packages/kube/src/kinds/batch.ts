import type { LabelSelector } from '../labels.ts'
import type { Condition, KubeObject } from '../objects.ts'
import type { PodTemplateSpec, ResourceList } from './core.ts'

// Kinds of batch/v1 and policy/v1, and the quotas of the core group: the fields this project reads or writes.

/** What to do about a failed pod, by how it failed; the first rule that matches counts. */
export interface PodFailureRule {
  action: 'FailJob' | 'Ignore' | 'Count' | 'FailIndex'
  onExitCodes?: { containerName?: string; operator: 'In' | 'NotIn'; values: number[] }
  onPodConditions?: { type: string; status?: string }[]
}

export interface JobSpec {
  parallelism?: number
  completions?: number
  completionMode?: 'NonIndexed' | 'Indexed'
  backoffLimit?: number
  activeDeadlineSeconds?: number
  ttlSecondsAfterFinished?: number
  suspend?: boolean
  selector?: LabelSelector
  podFailurePolicy?: { rules: PodFailureRule[] }
  template: PodTemplateSpec
}

export interface JobStatus {
  active?: number
  ready?: number
  terminating?: number
  succeeded?: number
  failed?: number
  completedIndexes?: string
  startTime?: string
  completionTime?: string
  conditions?: (Condition & { lastProbeTime?: string })[]
  /** Pods that have ended and are not in the counts yet, by uid. */
  uncountedTerminatedPods?: { succeeded?: string[]; failed?: string[] }
}

export interface Job extends KubeObject {
  spec: JobSpec
  status?: JobStatus
}

export interface ResourceQuota extends KubeObject {
  spec?: { hard?: ResourceList; scopes?: string[] }
  status?: { hard?: ResourceList; used?: ResourceList }
}

export interface PodDisruptionBudget extends KubeObject {
  spec: { minAvailable?: number | string; maxUnavailable?: number | string; selector?: LabelSelector }
  status?: {
    observedGeneration?: number
    currentHealthy?: number
    desiredHealthy?: number
    disruptionsAllowed?: number
    expectedPods?: number
    conditions?: Condition[]
  }
}
