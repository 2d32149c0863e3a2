import { fieldAt, listAt } from './fields.ts'

const COUNTED = ['cpu', 'memory']

/** `status.qosClass` of a pod, by what its containers ask for of cpu and memory. */
export function qosClass(spec: unknown): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const all = [...listAt(spec, 'containers'), ...listAt(spec, 'initContainers')]
  const amount = (container: unknown, list: string, name: string): unknown =>
    fieldAt(container, 'resources', list, name)
  const asksAnything = (container: unknown): boolean =>
    COUNTED.some(
      (name) => amount(container, 'requests', name) !== undefined || amount(container, 'limits', name) !== undefined,
    )
  if (!all.some(asksAnything)) return 'BestEffort'
  const isGuaranteed = (container: unknown): boolean =>
    COUNTED.every((name) => {
      const limit = amount(container, 'limits', name)
      return limit !== undefined && (amount(container, 'requests', name) ?? limit) === limit
    })
  return all.every(isGuaranteed) ? 'Guaranteed' : 'Burstable'
}
