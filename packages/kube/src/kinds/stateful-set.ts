import type { LabelSelector } from '../labels.ts'
import type { Condition, KubeObject, ObjectMeta } from '../objects.ts'
import type { PersistentVolumeClaim, PodTemplateSpec } from './core.ts'

export interface StatefulSet extends KubeObject {
  spec: {
    replicas?: number
    serviceName?: string
    selector: LabelSelector
    template: PodTemplateSpec
    volumeClaimTemplates?: { metadata: Partial<ObjectMeta>; spec: PersistentVolumeClaim['spec'] }[]
    podManagementPolicy?: 'OrderedReady' | 'Parallel'
    updateStrategy?: { type?: 'RollingUpdate' | 'OnDelete'; rollingUpdate?: { partition?: number } }
    minReadySeconds?: number
    revisionHistoryLimit?: number
  }
  status?: {
    observedGeneration?: number
    replicas: number
    readyReplicas?: number
    availableReplicas?: number
    currentReplicas?: number
    updatedReplicas?: number
    currentRevision?: string
    updateRevision?: string
    collisionCount?: number
    conditions?: Condition[]
  }
}

/** A template that a workload once had, so that it can go back to it. */
export interface ControllerRevision extends KubeObject {
  revision: number
  data?: object
}
