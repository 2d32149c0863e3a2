import type { Pod, PodDisruptionBudget } from '@nexus/kube'
import { expect, test } from 'vitest'
import { observeBudget } from './disruption-budget.ts'

const now = new Date('2026-11-21T09:00:00Z')

function budget(spec: PodDisruptionBudget['spec']): PodDisruptionBudget {
  return { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'b', generation: 1 }, spec }
}

function pod(status: 'True' | 'False'): Pod {
  const conditions = [{ type: 'Ready', status }]
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [] }, status: { conditions } }
}

const three = [pod('True'), pod('True'), pod('True'), pod('False')]

test.each([
  [{ minAvailable: 2 }, 2, 1],
  [{ minAvailable: '60%' }, 3, 0],
  [{ maxUnavailable: 1 }, 3, 0],
  [{ maxUnavailable: '50%' }, 2, 1],
  [{ maxUnavailable: 9 }, 0, 3],
])('of four pods, three of them ready, %j wants %i and allows %i to go', (spec, desiredHealthy, disruptionsAllowed) => {
  const status = observeBudget(budget(spec), three, { expected: 4, now })
  expect(status).toMatchObject({ expectedPods: 4, currentHealthy: 3, desiredHealthy, disruptionsAllowed })
  expect(status.conditions?.[0]).toMatchObject({ status: disruptionsAllowed > 0 ? 'True' : 'False' })
})

test('where no pods are expected none may go', () => {
  expect(observeBudget(budget({ maxUnavailable: 1 }), [], { expected: 0, now })).toMatchObject({
    disruptionsAllowed: 0,
  })
})
