import type { Taint, Toleration } from './kinds/core.ts'

/** Whether a taint keeps a pod with these tolerations away from a node. PreferNoSchedule only advises. */
export function repels(taint: Taint, tolerations: readonly Toleration[] = []): boolean {
  return taint.effect !== 'PreferNoSchedule' && !tolerations.some((toleration) => tolerates(toleration, taint))
}

/** As in k8s.io/api core/v1 `Toleration.ToleratesTaint`. */
function tolerates({ key, operator = 'Equal', value = '', effect }: Toleration, taint: Taint): boolean {
  if (effect !== undefined && effect !== taint.effect) return false
  if (key === undefined || key === '') return operator === 'Exists'
  return key === taint.key && (operator === 'Exists' || value === (taint.value ?? ''))
}
