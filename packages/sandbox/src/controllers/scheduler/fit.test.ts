import type { Node, Pod, PodSpec, ResourceList } from '@nexus/kube'
import { expect, test } from 'vitest'
import { placePod } from './fit.ts'

function node(name: string, allocatable: ResourceList, spec: Node['spec'] = {}): Node {
  const metadata = { name, labels: { zone: name } }
  return { apiVersion: 'v1', kind: 'Node', metadata, spec, status: { allocatable } }
}

function pod(requests: ResourceList, spec: Partial<PodSpec> = {}): Pod {
  const containers = [{ name: 'a', image: 'a', resources: { requests } }]
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers, ...spec } }
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
  expect(placePod(gpu, candidates)).toEqual({ node: candidates[1]?.node })
})

test.each([
  ['no GPU', gpu, node('a', plain), [], '0/1 nodes are available: 1 Insufficient nvidia.com/gpu.'],
  ['the GPU in use', gpu, node('a', withGpu), [gpu], '0/1 nodes are available: 1 Insufficient nvidia.com/gpu.'],
  [
    'too little of two things',
    pod({ cpu: '4500m', memory: '9Gi' }),
    node('a', plain),
    [],
    '0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.',
  ],
  ['too many pods', pod({}), node('a', { pods: 1 }), [pod({})], '0/1 nodes are available: 1 Too many pods.'],
  [
    'a taint',
    gpu,
    node('a', withGpu, { taints }),
    [],
    '0/1 nodes are available: 1 node(s) had untolerated taint {nvidia.com/gpu: }.',
  ],
  [
    'another zone wanted',
    pod({}, { nodeSelector: { zone: 'b' } }),
    node('a', plain),
    [],
    "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
  ],
  [
    'a cordoned node',
    pod({}),
    node('a', plain, { unschedulable: true }),
    [],
    '0/1 nodes are available: 1 node(s) were unschedulable.',
  ],
])('the scheduler says why: %s', (_name, asked, only, pods, message) => {
  expect(placePod(asked, [{ node: only, pods }])).toEqual({ message })
})

test('reasons are counted over nodes and sorted', () => {
  const candidates = ['a', 'b', 'c'].map((name) => ({ node: node(name, plain), pods: [] }))
  const cordoned = { node: node('d', plain, { unschedulable: true }), pods: [] }
  expect(placePod(gpu, [...candidates, cordoned])).toEqual({
    message: '0/4 nodes are available: 1 node(s) were unschedulable, 3 Insufficient nvidia.com/gpu.',
  })
})

test('a tolerated taint does not matter, and neither does an advice', () => {
  const tolerations = [{ key: 'nvidia.com/gpu', operator: 'Exists' as const, effect: 'NoSchedule' as const }]
  const tolerant = pod({ 'nvidia.com/gpu': 1 }, { tolerations })
  const tainted = node('a', withGpu, { taints })
  expect(placePod(tolerant, [{ node: tainted, pods: [] }])).toEqual({ node: tainted })
  const advised = node('a', withGpu, { taints: [{ key: 'slow', effect: 'PreferNoSchedule' }] })
  expect(placePod(gpu, [{ node: advised, pods: [] }])).toEqual({ node: advised })
})

test('without nodes there is nothing to count', () => {
  expect(placePod(gpu, [])).toEqual({ message: 'no nodes available to schedule pods' })
})
