import { expect, test } from 'vitest'
import { HardwareProfileSpec } from '../api/HardwareProfile.ts'
import { testInput } from '../testing/inputs.ts'
import type { NamedHardwareProfile } from './hardware-profiles.ts'
import type { SizeRequest } from './request.ts'
import { sizeByProfile } from './size-by-profile.ts'

const PROFILE: NamedHardwareProfile = {
  name: 'large',
  namespace: 'nexus',
  resourceVersion: '7',
  spec: HardwareProfileSpec.parse({
    identifiers: [
      { identifier: 'cpu', minCount: 2, maxCount: 16, defaultCount: 4 },
      { identifier: 'memory', minCount: '8Gi', defaultCount: '32Gi' },
      { identifier: 'nvidia.com/gpu', minCount: 1, maxCount: 4, defaultCount: 2 },
    ],
    scheduling: {
      type: 'Node',
      node: {
        nodeSelector: { gpu: 'h100' },
        tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
      },
    },
  }),
}
const NO_SIZES: SizeRequest = { gpus: undefined, requests: undefined, limits: undefined }

test('a profile sizes and places a deployment, and is named by it', () => {
  const sized = sizeByProfile(testInput(), PROFILE, NO_SIZES)
  const sizes = { cpu: '4', memory: '32Gi', 'nvidia.com/gpu': '2' }
  expect(sized).toMatchObject({
    resources: { requests: sizes, limits: sizes },
    hardwareProfile: { name: 'large', namespace: 'nexus', resourceVersion: '7' },
    placement: PROFILE.spec.scheduling?.node,
  })
})

test('a queue of Kueue takes the place of nodes', () => {
  const spec = HardwareProfileSpec.parse({ scheduling: { type: 'Queue', kueue: { localQueueName: 'gpus' } } })
  const { placement } = sizeByProfile(testInput(), { ...PROFILE, spec }, NO_SIZES)
  expect(placement).toEqual({ tolerations: [], nodeSelector: {}, queue: 'gpus' })
})

test('what was asked for by name wins, and a limit follows a request that passes it', () => {
  const asked = { gpus: 4, requests: { cpu: '8' }, limits: { memory: '64Gi' } }
  expect(sizeByProfile(testInput(), PROFILE, asked).resources).toEqual({
    requests: { cpu: '8', memory: '32Gi', 'nvidia.com/gpu': '4' },
    limits: { cpu: '8', memory: '64Gi', 'nvidia.com/gpu': '4' },
  })
})

test.each([
  { what: 'too many GPUs', asked: { ...NO_SIZES, gpus: 5 }, says: 'ends at 4, not 5' },
  { what: 'no GPU', asked: { ...NO_SIZES, gpus: 0 }, says: 'nvidia.com/gpu: The profile large begins at 1' },
  { what: 'too little CPU', asked: { ...NO_SIZES, requests: { cpu: '500m' } }, says: 'begins at 2, not 500m' },
  { what: 'too high a limit', asked: { ...NO_SIZES, limits: { cpu: '17' } }, says: 'ends at 16, not 17' },
])('$what is outside the bounds', ({ asked, says }) => {
  expect(() => sizeByProfile(testInput(), PROFILE, asked)).toThrow(says)
})

test('GPUs cannot be asked of a profile without any', () => {
  const spec = HardwareProfileSpec.parse({})
  expect(() => sizeByProfile(testInput(), { ...PROFILE, spec }, { ...NO_SIZES, gpus: 1 })).toThrow(
    'has no nvidia.com/gpu',
  )
})
