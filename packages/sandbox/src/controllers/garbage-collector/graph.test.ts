import type { Kind, KubeObject, OwnerReference } from '@nexus/kube'
import { expect, test } from 'vitest'
import { createOwnerGraph, judge } from './graph.ts'
import type { OwnerState } from './graph.ts'

const kind: Kind = { apiVersion: 'v1', kind: 'Thing', plural: 'things', namespaced: true }

function owner(uid: string): OwnerReference {
  return { apiVersion: 'v1', kind: 'Thing', name: uid, uid }
}

function thing(uid: string, ...owners: string[]): KubeObject {
  return { apiVersion: 'v1', kind: 'Thing', metadata: { name: uid, uid, ownerReferences: owners.map(owner) } }
}

test('dependents follow their references', () => {
  const graph = createOwnerGraph()
  graph.put(kind, thing('pod', 'set'))
  graph.put(kind, thing('set'))
  expect(graph.dependentsOf('set').map(({ object }) => object.metadata.name)).toEqual(['pod'])
  graph.put(kind, thing('pod', 'other'))
  expect(graph.dependentsOf('set')).toEqual([])
  graph.remove(thing('pod', 'other'))
  expect(graph.dependentsOf('other')).toEqual([])
  expect(graph.byUid('pod')).toBeUndefined()
})

test.each<[string, OwnerState[], boolean, unknown]>([
  ['no owners', [], false, { action: 'keep' }],
  ['a present owner', ['present'], false, { action: 'keep' }],
  ['an absent owner', ['absent'], false, { action: 'delete', propagationPolicy: 'Background' }],
  ['one of two owners', ['present', 'absent'], false, { action: 'unlink', uids: ['1'] }],
  ['a waiting owner', ['waiting'], false, { action: 'delete', propagationPolicy: 'Background' }],
  ['a waiting owner and dependents', ['waiting'], true, { action: 'delete', propagationPolicy: 'Foreground' }],
])('an object with %s', (_name, states, hasDependents, verdict) => {
  const owners = states.map((state, index) => ({ reference: owner(String(index)), state }))
  expect(judge(thing('it'), owners, hasDependents)).toEqual(verdict)
})
