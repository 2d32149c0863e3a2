import type { Deployment } from './kinds/workloads.ts'

/** How many pods a rollout may have too many, and too few. */
export interface RolloutBounds {
  readonly maxSurge: number
  readonly maxUnavailable: number
}

/**
 * The bounds of a Deployment in pods: surge rounded up, unavailable rounded down, and never both 0
 * (`ResolveFenceposts` in kubernetes pkg/controller/deployment/util).
 */
export function rolloutBounds({ spec }: Deployment): RolloutBounds {
  const replicas = spec.replicas ?? 1
  if (spec.strategy?.type === 'Recreate') return { maxSurge: 0, maxUnavailable: replicas }
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec.strategy?.rollingUpdate ?? {}
  const surge = inPods(maxSurge, replicas, Math.ceil)
  const unavailable = Math.min(inPods(maxUnavailable, replicas, Math.floor), replicas)
  return { maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : unavailable }
}

function inPods(share: number | string, replicas: number, round: (share: number) => number): number {
  if (typeof share === 'number') return share
  return share.endsWith('%') ? round((Number.parseFloat(share) * replicas) / 100) : Number.parseInt(share, 10) || 0
}
