import type { Node } from '@nexus/kube'
import { refusalsOf } from './filters.ts'
import type { Asking } from './filters.ts'
import type { Candidate, Refusal } from './refusal.ts'

/** Where a pod can go, or why nowhere, in kube-scheduler's words. */
export type Placement = { readonly node: Node } | { readonly message: string }

/** The node with the fewest pods among those that can take the pod. */
export function placePod(asking: Asking, candidates: readonly Candidate[]): Placement {
  if (candidates.length === 0) return { message: 'no nodes available to schedule pods' }
  const judged = candidates.map((candidate) => ({ candidate, refusals: refusalsOf(asking, candidate, candidates) }))
  const fitting = judged.filter(({ refusals }) => refusals.length === 0).map(({ candidate }) => candidate)
  const [best] = fitting.sort((a, b) => a.pods.length - b.pods.length || (nameOf(a) < nameOf(b) ? -1 : 1))
  if (best !== undefined) return { node: best.node }
  const all = judged.map(({ refusals }) => refusals)
  const reasons = counted(all.flatMap((refusals) => refusals.map(({ reason }) => reason)))
  const outlook = preemptionOutlook(all, asking.pod.spec.preemptionPolicy)
  const prefix = `0/${candidates.length} nodes are available:`
  return { message: `${prefix} ${reasons}. no new claims to deallocate, preemption: ${outlook}` }
}

/** What holds for every node at once, before any of them is looked at. */
export function refusedEverywhere(reason: string, nodes: number): Placement {
  return { message: `0/${nodes} nodes are available: ${reason}. not found` }
}

function nameOf({ node }: Candidate): string {
  return node.metadata.name
}

/** Pods of a lower priority are never sent away here, so there are no victims. */
function preemptionOutlook(all: readonly (readonly Refusal[])[], policy: string | undefined): string {
  if (policy === 'Never') return 'not eligible due to preemptionPolicy=Never.'
  const outlooks = all.map((refusals) =>
    refusals.every(({ isPassing }) => isPassing)
      ? 'No preemption victims found for incoming pod'
      : 'Preemption is not helpful for scheduling',
  )
  return `0/${all.length} nodes are available: ${counted(outlooks)}.`
}

/** `1 Too many pods, 3 Insufficient cpu` */
function counted(reasons: readonly string[]): string {
  const groups = Map.groupBy(reasons, (reason) => reason)
  return [...groups]
    .map(([reason, same]) => `${same.length} ${reason}`)
    .sort()
    .join(', ')
}
