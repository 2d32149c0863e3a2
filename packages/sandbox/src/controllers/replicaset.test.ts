import { assert, constantFrom, integer, property, array } from 'fast-check'
import type { Pod, ReplicaSet } from '@nexus/kube'
import { expect, test } from 'vitest'
import { isActive } from './pods.ts'
import { assemblePod, observeReplicaSet, planReplicas, selectorText } from './replicaset.ts'

const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'a', image: 'a' }] } }

function replicaSet(replicas: number): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'web-1', namespace: 'demo', uid: 'set-uid', generation: 3 },
    spec: { replicas, selector: { matchLabels: { app: 'a' } }, template },
  }
}

type Shape = 'ready' | 'pending' | 'unbound' | 'ended' | 'leaving'

function pod(shape: Shape, index = 0): Pod {
  const phase = shape === 'ended' ? 'Failed' : shape === 'ready' || shape === 'leaving' ? 'Running' : 'Pending'
  const isReady = shape === 'ready' || shape === 'leaving'
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${shape}-${index}`,
      labels: { app: 'a' },
      ...(shape === 'leaving' && { deletionTimestamp: '2026-11-21T09:00:00Z' }),
    },
    spec: { containers: [], ...(shape !== 'unbound' && { nodeName: 'n1' }) },
    status: { phase, conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
  }
}

test('pods are given up in the order of their worth', () => {
  const pods = [pod('ready'), pod('pending'), pod('unbound'), pod('ended'), pod('leaving')]
  expect(planReplicas(replicaSet(0), pods).remove.map(({ metadata }) => metadata.name)).toEqual([
    'unbound-0',
    'pending-0',
    'ready-0',
  ])
})

test('of pods that are ready those go first whose loss costs less, then those that were restarted more often', () => {
  const [cheap, dear, restless] = [pod('ready', 0), pod('ready', 1), pod('ready', 2)]
  cheap.metadata.annotations = { 'controller.kubernetes.io/pod-deletion-cost': '-5' }
  dear.metadata.annotations = { 'controller.kubernetes.io/pod-deletion-cost': '5' }
  const restarted = { name: 'a', image: 'a', imageID: '', ready: true, restartCount: 3 }
  restless.status = { ...restless.status, containerStatuses: [restarted] }
  const order = planReplicas(replicaSet(0), [dear, pod('ready', 3), restless, cheap]).remove
  expect(order.map(({ metadata }) => metadata.name)).toEqual(['ready-0', 'ready-2', 'ready-3', 'ready-1'])
})

test('after the plan there are as many active pods as wanted', () => {
  const shapes = array(constantFrom<Shape>('ready', 'pending', 'unbound', 'ended', 'leaving'), { maxLength: 8 })
  assert(
    property(integer({ min: 0, max: 6 }), shapes, (wanted, found) => {
      const pods = found.map(pod)
      const { create, remove } = planReplicas(replicaSet(wanted), pods)
      expect(pods.filter(isActive).length - remove.length + create).toBe(wanted)
      expect(create === 0 || remove.length === 0).toBe(true)
    }),
  )
})

test('a pod belongs to its ReplicaSet and is named like it', () => {
  const { metadata, spec } = assemblePod(replicaSet(1), () => 0)
  expect(metadata).toMatchObject({
    name: 'web-1-bbbbb',
    generateName: 'web-1-',
    namespace: 'demo',
    labels: { app: 'a' },
  })
  expect(metadata.ownerReferences?.[0]).toMatchObject({ kind: 'ReplicaSet', uid: 'set-uid', controller: true })
  expect(spec).toBe(template.spec)
})

test('the status counts what is active, and says why pods cannot be made', () => {
  const now = new Date('2026-11-21T09:00:00Z')
  const pods = [pod('ready'), pod('pending'), pod('ended'), pod('leaving')]
  expect(observeReplicaSet(replicaSet(2), pods, { now, failure: undefined })).toEqual({
    replicas: 2,
    fullyLabeledReplicas: 2,
    readyReplicas: 1,
    availableReplicas: 1,
    observedGeneration: 3,
  })
  expect(observeReplicaSet(replicaSet(2), [], { now, failure: 'quota' }).conditions?.[0]).toMatchObject({
    type: 'ReplicaFailure',
    reason: 'FailedCreate',
    message: 'quota',
  })
})

test('a selector becomes the text of a list query', () => {
  const { spec, ...rest } = replicaSet(1)
  const matchExpressions = [
    { key: 'tier', operator: 'In' as const, values: ['a', 'b'] },
    { key: 'old', operator: 'DoesNotExist' as const },
  ]
  const selector = { ...spec.selector, matchExpressions }
  expect(selectorText({ ...rest, spec: { ...spec, selector } })).toBe('app=a,tier in (a,b),!old')
})
