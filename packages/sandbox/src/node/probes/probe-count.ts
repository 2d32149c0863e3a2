import type { Probe } from '@nexus/kube'

export type ProbeResult = { readonly ok: true } | { readonly ok: false; readonly message: string }

/** The outcome a probe stands at, and how many results in a row said so. */
export interface ProbeCount {
  readonly last: boolean | undefined
  readonly inARow: number
}

export const noResults: ProbeCount = { last: undefined, inARow: 0 }

export function countResult(count: ProbeCount, ok: boolean): ProbeCount {
  return { last: ok, inARow: count.last === ok ? count.inARow + 1 : 1 }
}

/** `success` or `failure` once a threshold is reached, undefined while the earlier verdict stands. */
export function verdictOf(count: ProbeCount, probe: Probe): 'success' | 'failure' | undefined {
  if (count.last === undefined) return undefined
  if (count.last) return count.inARow >= (probe.successThreshold ?? 1) ? 'success' : undefined
  return count.inARow >= (probe.failureThreshold ?? 3) ? 'failure' : undefined
}
