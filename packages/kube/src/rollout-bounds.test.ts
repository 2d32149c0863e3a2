import { expect, test } from 'vitest'
import type { Deployment } from './kinds/workloads.ts'
import { rolloutBounds } from './rollout-bounds.ts'

function deployment(replicas: number | undefined, strategy?: Deployment['spec']['strategy']): Deployment {
  const spec = { selector: {}, template: { spec: { containers: [] } } }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec: { ...spec, ...(replicas !== undefined && { replicas }), ...(strategy && { strategy }) },
  }
}

test.each([
  [4, '25%', '25%', { maxSurge: 1, maxUnavailable: 1 }],
  [1, '25%', '25%', { maxSurge: 1, maxUnavailable: 0 }],
  [10, '25%', '25%', { maxSurge: 3, maxUnavailable: 2 }],
  [3, 0, 0, { maxSurge: 0, maxUnavailable: 1 }],
  [3, 2, 5, { maxSurge: 2, maxUnavailable: 3 }],
])('%i replicas with surge %s and unavailable %s', (replicas, maxSurge, maxUnavailable, bounds) => {
  expect(rolloutBounds(deployment(replicas, { rollingUpdate: { maxSurge, maxUnavailable } }))).toEqual(bounds)
})

test('a Deployment that says nothing starts the new pod first', () => {
  expect(rolloutBounds(deployment(undefined))).toEqual({ maxSurge: 1, maxUnavailable: 0 })
})

test('Recreate ends all pods before it starts new ones', () => {
  expect(rolloutBounds(deployment(3, { type: 'Recreate' }))).toEqual({ maxSurge: 0, maxUnavailable: 3 })
})
