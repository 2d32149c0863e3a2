import { expect, test } from 'vitest'
import { qosClass } from './qos-class.ts'

const both = { cpu: '1', memory: '1Gi' }

test.each([
  [{}, 'BestEffort'],
  [{ limits: { 'nvidia.com/gpu': '1' } }, 'BestEffort'],
  [{ requests: both }, 'Burstable'],
  [{ requests: both, limits: { cpu: '2', memory: '1Gi' } }, 'Burstable'],
  [{ requests: both, limits: both }, 'Guaranteed'],
  [{ limits: both }, 'Guaranteed'],
  [{ limits: { cpu: '1' } }, 'Burstable'],
])('resources %j are %s', (resources, expected) => {
  expect(qosClass({ containers: [{ name: 'main', resources }] })).toBe(expected)
})

test('one container without resources spoils the guarantee', () => {
  const containers = [{ name: 'main', resources: { limits: both } }, { name: 'side' }]
  expect(qosClass({ containers })).toBe('Burstable')
})
