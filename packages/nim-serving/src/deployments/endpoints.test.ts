import type { InferenceService } from '@nexus/kube'
import { expect, test } from 'vitest'
import { modalDeployment, wizardDeployment } from '../testing/older-producers.ts'
import { endpointsOf } from './endpoints.ts'

const names = { name: 'granite', project: 'demo' }
const inside = 'http://granite-predictor.demo.svc.cluster.local'

function withStatus(isvc: InferenceService, status: InferenceService['status']): InferenceService {
  return { ...isvc, ...(status !== undefined && { status }) }
}

test('an exposed deployment has an address outside, from the status, and one inside', () => {
  const { isvc } = wizardDeployment(names)
  const status = { address: { url: inside }, url: 'https://granite-demo.apps.example.com' }
  expect(endpointsOf(withStatus(isvc, status))).toEqual({
    internal: inside,
    external: 'https://granite-demo.apps.example.com',
  })
})

test.each([
  { what: 'a deployment that was not exposed', isvc: modalDeployment(names).isvc, url: 'http://granite.example.com' },
  { what: 'a cluster-local name', isvc: wizardDeployment(names).isvc, url: inside },
  { what: 'a short cluster-local name', isvc: wizardDeployment(names).isvc, url: 'http://granite.demo.svc:8080' },
])('$what is no way in from outside', ({ isvc, url }) => {
  expect(endpointsOf(withStatus(isvc, { address: { url: inside }, url })).external).toBeUndefined()
})

test('nothing is known of addresses before KServe has written them', () => {
  expect(endpointsOf(wizardDeployment(names).isvc)).toEqual({ internal: undefined, external: undefined })
})
