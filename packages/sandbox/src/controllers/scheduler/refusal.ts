import type { Node, Pod } from '@nexus/kube'

/** A node and the pods that count there, those included that are on their way. */
export interface Candidate {
  readonly node: Node
  readonly pods: readonly Pod[]
}

/** Why a node cannot take a pod. */
export interface Refusal {
  readonly reason: string
  /** Whether the node would take it if other pods left. */
  readonly isPassing: boolean
}

/** Whatever leaves this node, it stays as it is. */
export function lasting(reason: string): Refusal {
  return { reason, isPassing: false }
}

export function passing(reason: string): Refusal {
  return { reason, isPassing: true }
}
