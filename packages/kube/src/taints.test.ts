import { expect, test } from 'vitest'
import type { Toleration } from './kinds/core.ts'
import { repels } from './taints.ts'

const taint = { key: 'nvidia.com/gpu', value: 'h200', effect: 'NoSchedule' as const }

test.each<{ toleration: Toleration; repelled: boolean }>([
  { toleration: { key: 'nvidia.com/gpu', operator: 'Exists' }, repelled: false },
  { toleration: { key: 'nvidia.com/gpu', value: 'h200' }, repelled: false },
  { toleration: { key: 'nvidia.com/gpu', value: 'a100' }, repelled: true },
  { toleration: { key: 'nvidia.com/gpu' }, repelled: true },
  { toleration: { key: 'other', operator: 'Exists' }, repelled: true },
  { toleration: { operator: 'Exists' }, repelled: false },
  { toleration: { key: '', operator: 'Exists', effect: 'NoSchedule' }, repelled: false },
  { toleration: { operator: 'Exists', effect: 'NoExecute' }, repelled: true },
])('$toleration repels: $repelled', ({ toleration, repelled }) => {
  expect(repels(taint, [toleration])).toBe(repelled)
})

test('without tolerations every taint repels, but for those that only advise', () => {
  expect(repels(taint)).toBe(true)
  expect(repels({ ...taint, effect: 'PreferNoSchedule' })).toBe(false)
})
