import type { Affinity, Node, PersistentVolume, Pod, PodSpec, ResourceList } from '@nexus/kube'
import { expect, test } from 'vitest'
import { judgeClaims } from './claims.ts'
import { placePod } from './fit.ts'
import type { Candidate } from './refusal.ts'

function node(name: string, allocatable: ResourceList, spec: Node['spec'] = {}): Node {
  const metadata = { name, labels: { zone: name } }
  return { apiVersion: 'v1', kind: 'Node', metadata, spec, status: { allocatable } }
}

function pod(requests: ResourceList, spec: Partial<PodSpec> = {}): Pod {
  const containers = [{ name: 'a', image: 'a', resources: { requests } }]
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers, ...spec } }
}

function place(asked: Pod, ...candidates: Candidate[]) {
  return placePod({ pod: asked, volumes: [], exclusive: [] }, candidates)
}

const plain = { cpu: '4', memory: '8Gi', pods: '10' }
const withGpu = { ...plain, 'nvidia.com/gpu': '1' }
const gpu = pod({ 'nvidia.com/gpu': 1 })
const taints = [{ key: 'nvidia.com/gpu', effect: 'NoSchedule' as const }]

test('a pod goes to the node with the fewest pods that can take it', () => {
  const candidates = [
    { node: node('a', withGpu), pods: [gpu] },
    { node: node('b', withGpu), pods: [] },
    { node: node('c', plain), pods: [] },
  ]
  expect(place(gpu, ...candidates)).toEqual({ node: candidates[1]?.node })
})

const LASTING = 'Preemption is not helpful for scheduling'
const PASSING = 'No preemption victims found for incoming pod'

test.each([
  ['no GPU', gpu, node('a', plain), [], 'Insufficient nvidia.com/gpu', LASTING],
  ['the GPU in use', gpu, node('a', withGpu), [gpu], 'Insufficient nvidia.com/gpu', PASSING],
  ['too many pods', pod({}), node('a', { pods: 1 }), [pod({})], 'Too many pods', PASSING],
  ['a taint', gpu, node('a', withGpu, { taints }), [], 'node(s) had untolerated taint(s)', LASTING],
  [
    'another zone wanted',
    pod({}, { nodeSelector: { zone: 'b' } }),
    node('a', plain),
    [],
    "node(s) didn't match Pod's node affinity/selector",
    LASTING,
  ],
  ['a cordoned node', pod({}), node('a', plain, { unschedulable: true }), [], 'node(s) were unschedulable', LASTING],
])('the scheduler says why: %s', (_name, asked, only, pods, reason, outlook) => {
  const all = '0/1 nodes are available: 1 '
  expect(place(asked, { node: only, pods })).toEqual({
    message: `${all}${reason}. no new claims to deallocate, preemption: ${all}${outlook}.`,
  })
})

test('all that is missing of a node is told', () => {
  const answer = place(pod({ cpu: '4500m', memory: '9Gi' }), { node: node('a', plain), pods: [] })
  const all = '0/1 nodes are available: 1 '
  const missing = `${all}Insufficient cpu, 1 Insufficient memory.`
  expect(answer).toEqual({ message: `${missing} no new claims to deallocate, preemption: ${all}${LASTING}.` })
})

test('reasons are counted over nodes and sorted', () => {
  const candidates = ['a', 'b', 'c'].map((name) => ({ node: node(name, plain), pods: [] }))
  const cordoned = { node: node('d', plain, { unschedulable: true }), pods: [] }
  expect(place(gpu, ...candidates, cordoned)).toEqual({
    message:
      '0/4 nodes are available: 1 node(s) were unschedulable, 3 Insufficient nvidia.com/gpu. no new claims to deallocate, preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.',
  })
})

test('a tolerated taint does not matter, and neither does an advice', () => {
  const tolerations = [{ key: 'nvidia.com/gpu', operator: 'Exists' as const, effect: 'NoSchedule' as const }]
  const tolerant = pod({ 'nvidia.com/gpu': 1 }, { tolerations })
  const tainted = node('a', withGpu, { taints })
  expect(place(tolerant, { node: tainted, pods: [] })).toEqual({ node: tainted })
  const advised = node('a', withGpu, { taints: [{ key: 'slow', effect: 'PreferNoSchedule' }] })
  expect(place(gpu, { node: advised, pods: [] })).toEqual({ node: advised })
})

test('without nodes there is nothing to count', () => {
  expect(place(gpu)).toEqual({ message: 'no nodes available to schedule pods' })
})

const needs = (matchExpressions: { key: string; operator: string; values?: string[] }[]): Affinity => ({
  nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } },
})

test.each([
  ['In', ['a'], 'a'],
  ['NotIn', ['a'], 'b'],
  ['Exists', undefined, 'a'],
  ['Gt', ['5'], 'c'],
  ['Lt', ['5'], 'd'],
])('affinity by %s chooses a node', (operator, values, expected) => {
  const named = ['a', 'b'].map((name) => ({ node: node(name, plain), pods: [] }))
  const key = operator === 'Gt' || operator === 'Lt' ? 'size' : 'zone'
  const sized = [
    ['c', '10'],
    ['d', '1'],
  ].map(([name = '', size = '']) => {
    const one = node(name, plain)
    return { node: { ...one, metadata: { name, labels: { size } } }, pods: [] }
  })
  const requirement = { key, operator, ...(values && { values }) }
  const answer = place(pod({}, { affinity: needs([requirement]) }), ...named, ...sized)
  expect(answer).toMatchObject({ node: { metadata: { name: expected } } })
})

test('pods stay apart and together by the labels of nodes', () => {
  const term = { labelSelector: { matchLabels: { app: 'a' } }, topologyKey: 'zone' }
  const required = { requiredDuringSchedulingIgnoredDuringExecution: [term] }
  const neighbour = { ...pod({}), metadata: { name: 'n', labels: { app: 'a' } } }
  const candidates = [
    { node: node('a', plain), pods: [neighbour] },
    { node: node('b', plain), pods: [] },
  ]
  const apart = place(pod({}, { affinity: { podAntiAffinity: required } }), ...candidates)
  expect(apart).toMatchObject({ node: { metadata: { name: 'b' } } })
  const together = place(pod({}, { affinity: { podAffinity: required } }), ...candidates)
  expect(together).toMatchObject({ node: { metadata: { name: 'a' } } })
})

test('the first pod of a group that wants to be together may go anywhere', () => {
  const term = { labelSelector: { matchLabels: { app: 'a' } }, topologyKey: 'zone' }
  const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } }
  const first = { ...pod({}, { affinity }), metadata: { name: 'p', labels: { app: 'a' } } }
  expect(place(first, { node: node('a', plain), pods: [] })).toHaveProperty('node')
  const stranger = { ...first, metadata: { name: 'p', labels: { app: 'b' } } }
  expect(place(stranger, { node: node('a', plain), pods: [] })).toHaveProperty('message')
})

test('a pod follows its volume', () => {
  const nodeSelectorTerms = [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['b'] }] }]
  const volume: PersistentVolume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'v' },
    spec: { nodeAffinity: { required: { nodeSelectorTerms } } },
  }
  const candidates = ['a', 'b'].map((name) => ({ node: node(name, plain), pods: [] }))
  const placement = placePod({ pod: pod({}), volumes: [volume], exclusive: [] }, candidates)
  expect(placement).toMatchObject({ node: { metadata: { name: 'b' } } })
})

test('claims whose class waits for a pod hold nobody back', () => {
  const claim = (storageClassName: string) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'c' },
    spec: { storageClassName },
  })
  const known = (name: string) => ({
    claim: () => claim(name),
    volume: () => undefined,
    storageClass: () => ({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name },
      provisioner: 'p',
      volumeBindingMode: name === 'late' ? ('WaitForFirstConsumer' as const) : ('Immediate' as const),
    }),
  })
  expect(judgeClaims(['c'], known('late'))).toMatchObject({ waiting: [{ metadata: { name: 'c' } }] })
  expect(judgeClaims(['c'], known('now'))).toMatchObject({
    refusal: 'pod has unbound immediate PersistentVolumeClaims',
  })
})
