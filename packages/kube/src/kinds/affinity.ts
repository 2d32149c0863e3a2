import type { LabelSelector } from '../labels.ts'

/**
 * One wish about a label of a node, or its name in `matchFields`: In, NotIn, Exists, DoesNotExist, or of whole numbers
 * Gt, Lt.
 */
export interface NodeSelectorRequirement {
  key: string
  operator: string
  values?: string[]
}

/** All requirements of a term must hold, of several terms one. */
export interface NodeSelector {
  nodeSelectorTerms: { matchExpressions?: NodeSelectorRequirement[]; matchFields?: NodeSelectorRequirement[] }[]
}

/** Pods to be near to, or away from; near means on nodes with the same value of the label `topologyKey`. */
export interface PodAffinityTerm {
  labelSelector?: LabelSelector
  topologyKey: string
  /** Default: the pod's own, unless `namespaceSelector` says more. */
  namespaces?: string[]
  namespaceSelector?: LabelSelector
}

export interface PodAffinity {
  requiredDuringSchedulingIgnoredDuringExecution?: PodAffinityTerm[]
  preferredDuringSchedulingIgnoredDuringExecution?: object[]
}

/** Where a pod must run, and near which other pods. */
export interface Affinity {
  nodeAffinity?: {
    requiredDuringSchedulingIgnoredDuringExecution?: NodeSelector
    preferredDuringSchedulingIgnoredDuringExecution?: object[]
  }
  podAffinity?: PodAffinity
  podAntiAffinity?: PodAffinity
}
