import { expect, test } from 'vitest'
import { planRoute } from '../routing/plan.ts'
import type { RoutingSnapshot } from '../routing/snapshot.ts'
import { callerOf, deploymentOf, snapshotOf } from '../routing/testing/states.ts'
import { movedArm } from './moved.ts'

const caller = callerOf(['*'])
const upstreams = [{ name: 'fixed', url: 'http://fixed' }]
const servedAt = (...servers: string[]): RoutingSnapshot =>
  snapshotOf({ upstreams }, servers.length === 0 ? [] : [deploymentOf('demo/llama', { servers })])

/** Looks for where `model` went: its only server of `before` is gone, and each look sees the next state. */
async function moveOf(model: string, before: RoutingSnapshot, ...later: RoutingSnapshot[]) {
  let looks = 0
  const exchange = { whenClientGone: () => undefined }
  const services = {
    snapshot: () => ({ routing: later[Math.min(looks++, later.length - 1)] ?? before }),
  }
  const [candidate] = planRoute(model, caller, before).candidates
  const arm = candidate?.arms[0]?.arm
  if (candidate === undefined || arm === undefined) throw new Error('there is nothing to route to')
  const moved = await movedArm({ services, snapshot: { routing: before }, exchange, caller }, model, candidate, arm)
  return { urls: moved?.endpoints.map(({ url }) => url), looks }
}

test('finds the server that takes the place of one that cannot be reached, as soon as it is known', async () => {
  const old = servedAt('http://10.0.0.1:8000')
  const both = servedAt('http://10.0.0.1:8000', 'http://10.0.0.2:8000')
  const { urls, looks } = await moveOf('demo/llama', old, old, old, both)
  expect([urls, looks]).toEqual([['http://10.0.0.1:8000', 'http://10.0.0.2:8000'], 3])
})

test('goes on to look while the deployment has no server at all', async () => {
  const next = servedAt('http://10.0.0.2:8000')
  const { urls } = await moveOf('demo/llama', servedAt('http://10.0.0.1:8000'), servedAt(), next)
  expect(urls).toEqual(['http://10.0.0.2:8000'])
})

test('gives up in time when nothing changes', async () => {
  const old = servedAt('http://10.0.0.1:8000')
  expect(await moveOf('demo/llama', old)).toEqual({ urls: undefined, looks: 25 })
})

test('does not wait for an upstream whose address is fixed', async () => {
  expect(await moveOf('fixed', servedAt())).toEqual({ urls: undefined, looks: 0 })
})
