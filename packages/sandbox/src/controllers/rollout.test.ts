import { assert, boolean, constantFrom, integer, property, record } from 'fast-check'
import { rolloutBounds } from '@nexus/kube'
import type { Deployment, ReplicaSet } from '@nexus/kube'
import { expect, test } from 'vitest'
import { newestReplicas, planShrink, wantedReplicas } from './rollout.ts'

const template = { spec: { containers: [{ name: 'a', image: 'a' }] } }

function deployment(replicas: number, strategy: Deployment['spec']['strategy'] = {}): Deployment {
  const spec = { replicas, selector: {}, template, strategy }
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec }
}

function replicaSet(name: string, replicas: number, availableReplicas: number): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name },
    spec: { replicas, selector: {}, template },
    status: { replicas, availableReplicas },
  }
}

test('a single replica is replaced by starting the new one first', () => {
  const old = replicaSet('old', 1, 1)
  expect(newestReplicas(deployment(1), undefined, [old])).toBe(1)
  expect(planShrink(deployment(1), replicaSet('new', 1, 0), [old])).toEqual([])
  expect(planShrink(deployment(1), replicaSet('new', 1, 1), [old])).toEqual([{ replicaSet: old, replicas: 0 }])
})

test('old pods that do not work go first, whatever is available', () => {
  const broken = replicaSet('broken', 1, 0)
  expect(planShrink(deployment(1), replicaSet('new', 1, 0), [broken])).toEqual([])
  const half = replicaSet('half', 4, 2)
  const steps = planShrink(
    deployment(4, { rollingUpdate: { maxSurge: 1, maxUnavailable: 2 } }),
    replicaSet('new', 1, 0),
    [half],
  )
  expect(steps).toEqual([{ replicaSet: half, replicas: 2 }])
})

test('Recreate empties the old before the new begins', () => {
  const old = replicaSet('old', 2, 2)
  const recreate = deployment(2, { type: 'Recreate' })
  expect(planShrink(recreate, replicaSet('new', 0, 0), [old])).toEqual([{ replicaSet: old, replicas: 0 }])
  expect(newestReplicas(recreate, undefined, [])).toBe(2)
})

/** Plays a rollout in which started pods become available one by one, in any order. */
test('a rollout ends, stays within its bounds and never has too few pods available', () => {
  const bound = constantFrom<number | string>(0, 1, 2, '25%', '50%', '100%')
  const scenario = record({
    replicas: integer({ min: 1, max: 8 }),
    maxSurge: bound,
    maxUnavailable: bound,
    eager: boolean(),
  })
  assert(
    property(scenario, ({ replicas, maxSurge, maxUnavailable, eager }) => {
      const wanted = deployment(replicas, { rollingUpdate: { maxSurge, maxUnavailable } })
      const bounds = rolloutBounds(wanted)
      let old = replicaSet('old', replicas, replicas)
      let next = replicaSet('new', 0, 0)
      for (let round = 0; round < 100 && next.status?.availableReplicas !== replicas; round++) {
        const size = newestReplicas(wanted, next, [old])
        const isAvailable = next.status?.availableReplicas ?? 0
        next = replicaSet('new', size, Math.min(size, eager ? size : isAvailable + (round % 2)))
        const [step] = planShrink(wanted, next, [old])
        if (step) old = replicaSet('old', step.replicas, step.replicas)
        const total = wantedReplicas(next) + wantedReplicas(old)
        const available = (next.status?.availableReplicas ?? 0) + wantedReplicas(old)
        expect(total).toBeLessThanOrEqual(replicas + bounds.maxSurge)
        expect(available).toBeGreaterThanOrEqual(replicas - bounds.maxUnavailable)
      }
      expect(next.status?.availableReplicas).toBe(replicas)
    }),
  )
})
