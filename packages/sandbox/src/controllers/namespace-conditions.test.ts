import { Kinds } from '@nexus/kube'
import type { KubeObject } from '@nexus/kube'
import { expect, test } from 'vitest'
import { namespaceConditions } from './namespace-conditions.ts'

const NOW = '2026-01-01T00:00:00Z'

function object(name: string, finalizers: string[] = []): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, finalizers } }
}

test('a namespace counts what is left in it, and by which finalizers', () => {
  const remainders = [
    { kind: Kinds.ConfigMap, objects: [object('one', ['a.example/x']), object('two', ['b.example/y', 'a.example/x'])] },
    { kind: Kinds.Deployment, objects: [object('three')] },
    { kind: Kinds.Secret, objects: [] },
  ]
  expect(namespaceConditions(remainders, [], NOW).slice(3)).toEqual([
    {
      type: 'NamespaceContentRemaining',
      status: 'True',
      lastTransitionTime: NOW,
      reason: 'SomeResourcesRemain',
      message:
        'Some resources are remaining: configmaps. has 2 resource instances, deployments.apps has 1 resource instances',
    },
    {
      type: 'NamespaceFinalizersRemaining',
      status: 'True',
      lastTransitionTime: NOW,
      reason: 'SomeFinalizersRemain',
      message:
        'Some content in the namespace has finalizers remaining: a.example/x in 2 resource instances, b.example/y in 1 resource instances',
    },
  ])
})

test('a condition that has not changed keeps its time, one that has gets a new one', () => {
  const held = [{ kind: Kinds.ConfigMap, objects: [object('one', ['a.example/x'])] }]
  const before = namespaceConditions(held, [], '2025-12-31T00:00:00Z')
  const free = [{ kind: Kinds.ConfigMap, objects: [object('one')] }]
  const times = namespaceConditions(free, before, NOW).map(({ status, lastTransitionTime }) => [
    status,
    lastTransitionTime,
  ])
  expect(times.slice(3)).toEqual([
    ['True', '2025-12-31T00:00:00Z'],
    ['False', NOW],
  ])
})
