import type { LabelSelector } from '../labels.ts'
import type { Condition, KubeObject } from '../objects.ts'
import type { PodTemplateSpec } from './core.ts'

// Kinds of apps/v1, autoscaling/v2, discovery.k8s.io/v1, storage.k8s.io/v1, coordination.k8s.io/v1,
// rbac.authorization.k8s.io/v1 and apiextensions.k8s.io/v1: the fields this project reads or writes.

export interface DeploymentStrategy {
  type?: 'RollingUpdate' | 'Recreate'
  rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string }
}

export interface Deployment extends KubeObject {
  spec: {
    replicas?: number
    selector: LabelSelector
    template: PodTemplateSpec
    strategy?: DeploymentStrategy
    revisionHistoryLimit?: number
    progressDeadlineSeconds?: number
    minReadySeconds?: number
    paused?: boolean
  }
  status?: {
    observedGeneration?: number
    replicas?: number
    updatedReplicas?: number
    readyReplicas?: number
    availableReplicas?: number
    unavailableReplicas?: number
    conditions?: Condition[]
    collisionCount?: number
  }
}

export interface ReplicaSet extends KubeObject {
  spec: { replicas?: number; selector: LabelSelector; template: PodTemplateSpec; minReadySeconds?: number }
  status?: {
    replicas: number
    fullyLabeledReplicas?: number
    readyReplicas?: number
    availableReplicas?: number
    observedGeneration?: number
    conditions?: Condition[]
  }
}

export interface HorizontalPodAutoscaler extends KubeObject {
  spec: {
    scaleTargetRef: { apiVersion?: string; kind: string; name: string }
    minReplicas?: number
    maxReplicas: number
    metrics?: object[]
    behavior?: object
  }
  status?: object
}

export interface EndpointSlice extends KubeObject {
  addressType: 'IPv4' | 'IPv6' | 'FQDN'
  endpoints: {
    addresses: string[]
    conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean }
    nodeName?: string
    /** Of a pod that has a name of its own below a headless Service. */
    hostname?: string
    targetRef?: { kind?: string; namespace?: string; name?: string; uid?: string }
  }[]
  ports?: { name?: string; port?: number; protocol?: string; appProtocol?: string }[]
}

export interface StorageClass extends KubeObject {
  provisioner: string
  reclaimPolicy?: 'Retain' | 'Delete'
  volumeBindingMode?: 'Immediate' | 'WaitForFirstConsumer'
  allowVolumeExpansion?: boolean
  parameters?: Record<string, string>
}

export interface Lease extends KubeObject {
  spec?: { holderIdentity?: string; leaseDurationSeconds?: number; acquireTime?: string; renewTime?: string }
}

export interface PolicyRule {
  apiGroups?: string[]
  resources?: string[]
  resourceNames?: string[]
  nonResourceURLs?: string[]
  verbs: string[]
}

/** Role or ClusterRole. */
export interface Role extends KubeObject {
  rules?: PolicyRule[]
}

/** RoleBinding or ClusterRoleBinding. */
export interface RoleBinding extends KubeObject {
  subjects?: { kind: string; name: string; namespace?: string; apiGroup?: string }[]
  roleRef: { apiGroup: string; kind: string; name: string }
}

export interface CustomResourceDefinition extends KubeObject {
  spec: {
    group: string
    names: { kind: string; plural: string; singular?: string; listKind?: string; shortNames?: string[] }
    scope: 'Namespaced' | 'Cluster'
    versions: { name: string; served: boolean; storage: boolean; [field: string]: unknown }[]
  }
  status?: { conditions?: Condition[] }
}
