import type { Deployment, Node, PersistentVolume, PersistentVolumeClaim, Pod, PodSpec, ResourceList } from '@nexus/kube'
import { expect, test } from 'vitest'
import { planRollout, renderOutage } from './rollout.ts'
import type { RolloutFacts } from './rollout.ts'

const GPU = { 'nvidia.com/gpu': '1' }
const ROOM = { cpu: '8', memory: '64Gi', pods: '10' }

function node(
  name: string,
  allocatable: ResourceList,
  spec: Node['spec'] = {},
  labels: Record<string, string> = {},
): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels },
    spec,
    status: { allocatable: { ...ROOM, ...allocatable } },
  }
}

function podSpec(requests: ResourceList = GPU, spec: Partial<PodSpec> = {}): PodSpec {
  return { containers: [{ name: 'kserve-container', resources: { requests } }], ...spec }
}

function deployment(template: PodSpec = podSpec(), spec: Partial<Deployment['spec']> = {}): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'llama-predictor', namespace: 'demo' },
    spec: { replicas: 1, selector: { matchLabels: { app: 'llama' } }, template: { spec: template }, ...spec },
  }
}

function pod(nodeName: string, spec: PodSpec = podSpec(), status: Pod['status'] = { phase: 'Running' }): Pod {
  const metadata = { name: `p-${nodeName}`, namespace: 'demo', labels: { app: 'llama' } }
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { ...spec, nodeName }, status }
}

const cached = podSpec(GPU, { volumes: [{ name: 'nim-pvc', persistentVolumeClaim: { claimName: 'nim-pvc-llama' } }] })

function claim(...accessModes: string[]): PersistentVolumeClaim {
  const metadata = { name: 'nim-pvc-llama', namespace: 'demo' }
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: { accessModes, volumeName: 'pv-1' } }
}

function volumeOn(host: string): PersistentVolume {
  const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: [host] }]
  const nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions }] } }
  return { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv-1' }, spec: { nodeAffinity } }
}

function facts(changes: Partial<RolloutFacts>): RolloutFacts {
  const all = { deployment: deployment(), nodes: [node('a', { 'nvidia.com/gpu': '2' })], pods: [pod('a')] }
  return { ...all, claims: [], volumes: [], ...changes }
}

const taints = [{ key: 'nvidia.com/gpu', effect: 'NoSchedule' as const }]
const tolerant = podSpec(GPU, { tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists' }] })
const oneGpu = { 'nvidia.com/gpu': '1' }
const inZone = (zone: string): PodSpec =>
  podSpec(GPU, {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: [zone] }] }],
        },
      },
    },
  })

test.each<{ name: string; given: Partial<RolloutFacts> }>([
  { name: 'a second GPU on the node', given: {} },
  { name: 'a GPU on another node', given: { nodes: [node('a', oneGpu), node('b', oneGpu)] } },
  {
    name: 'a tainted node that is tolerated',
    given: { deployment: deployment(tolerant), nodes: [node('a', { 'nvidia.com/gpu': 2 }, { taints })] },
  },
  {
    name: 'a taint that only advises',
    given: { nodes: [node('a', { 'nvidia.com/gpu': 2 }, { taints: [{ key: 'x', effect: 'PreferNoSchedule' }] })] },
  },
  {
    name: 'the other pod has ended',
    given: { nodes: [node('a', oneGpu)], pods: [pod('a', podSpec(), { phase: 'Failed' })] },
  },
  {
    name: 'the zone it wants',
    given: { deployment: deployment(inZone('z')), nodes: [node('a', { 'nvidia.com/gpu': 2 }, {}, { zone: 'z' })] },
  },
  {
    name: 'a shared volume',
    given: {
      deployment: deployment(cached),
      pods: [pod('a', cached)],
      nodes: [node('a', oneGpu), node('b', oneGpu)],
      claims: [claim('ReadWriteMany')],
    },
  },
  {
    name: 'a volume of one node, on that node',
    given: { deployment: deployment(cached), pods: [pod('a', cached)], claims: [claim('ReadWriteOnce')] },
  },
  {
    name: 'a disk of the node that has room',
    given: {
      deployment: deployment(cached),
      pods: [pod('a', cached)],
      nodes: [node('a', { 'nvidia.com/gpu': 2 }, {}, { 'kubernetes.io/hostname': 'a' }), node('b', oneGpu)],
      claims: [claim('ReadWriteOnce')],
      volumes: [volumeOn('a')],
    },
  },
])('nobody notices a rollout where a second copy fits: $name', ({ given }) => {
  expect(planRollout(facts(given))).toMatchObject({ outcome: 'seamless' })
})

test.each<{ name: string; given: Partial<RolloutFacts>; shortage: string }>([
  {
    name: 'no GPU is free',
    given: { nodes: [node('a', oneGpu)] },
    shortage: 'node a: 0 of 1 nvidia.com/gpu free, 1 needed',
  },
  {
    name: 'the free GPU is on a cordoned node',
    given: { nodes: [node('a', { 'nvidia.com/gpu': 2 }, { unschedulable: true })] },
    shortage: 'node a: it is cordoned',
  },
  {
    name: 'no memory',
    given: { deployment: deployment(podSpec({ memory: '40Gi' })), pods: [pod('a', podSpec({ memory: '40Gi' }))] },
    shortage: 'node a: 24Gi of 64Gi memory free, 40Gi needed',
  },
  {
    name: 'no CPU',
    given: { deployment: deployment(podSpec({ cpu: '7500m' })), pods: [pod('a', podSpec({ cpu: '7500m' }))] },
    shortage: 'node a: 0.5 of 8 cpu free, 7.5 needed',
  },
  {
    name: 'no place',
    given: { nodes: [node('a', { 'nvidia.com/gpu': 2, pods: 1 })] },
    shortage: 'node a: it has no place for another pod',
  },
  {
    name: 'a taint',
    given: { nodes: [node('a', { 'nvidia.com/gpu': 2 }, { taints })] },
    shortage: 'node a: its taint nvidia.com/gpu is not tolerated',
  },
  {
    name: 'another label',
    given: { deployment: deployment(podSpec(GPU, { nodeSelector: { gpu: 'h200' } })) },
    shortage: 'node a: it does not match the nodeSelector',
  },
  {
    name: 'another zone',
    given: { deployment: deployment(inZone('z')) },
    shortage: 'node a: it does not match the node affinity',
  },
  { name: 'no nodes', given: { nodes: [] }, shortage: 'the cluster has no nodes' },
  {
    name: 'a volume that only one pod mounts',
    given: { deployment: deployment(cached), claims: [claim('ReadWriteOncePod')] },
    shortage: 'PVC nim-pvc-llama can be mounted by one pod only',
  },
  {
    name: 'a volume that only one node mounts, and room on another',
    given: {
      deployment: deployment(cached),
      pods: [pod('a', cached)],
      nodes: [node('a', oneGpu), node('b', oneGpu)],
      claims: [claim('ReadWriteOnce')],
    },
    shortage: 'PVC nim-pvc-llama is ReadWriteOnce and mounted on node a, and the new copy may be put on node b',
  },
  {
    name: 'a disk of a full node',
    given: {
      deployment: deployment(cached),
      pods: [pod('a', cached)],
      nodes: [node('b', oneGpu)],
      claims: [claim('ReadWriteOnce')],
      volumes: [volumeOn('a')],
    },
    shortage: 'node b: the volume of PVC nim-pvc-llama is elsewhere',
  },
])('a rollout that would never end is seen before it starts: $name', ({ given, shortage }) => {
  expect(planRollout(facts(given))).toMatchObject({
    outcome: 'deadlocks',
    shortages: [shortage],
    options: [{ strategy: 'recreate', outage: { copies: 1, replicas: 1 } }],
  })
})

test('several copies can be replaced one after the other', () => {
  const full = facts({
    deployment: deployment(podSpec(), { replicas: 2 }),
    pods: [pod('a'), pod('a')],
  })
  expect(planRollout(full)).toMatchObject({
    outcome: 'deadlocks',
    options: [
      { strategy: 'max-surge-0', outage: { copies: 1, replicas: 2 } },
      { strategy: 'recreate', outage: { copies: 2, replicas: 2 } },
    ],
  })
})

test.each<{ name: string; spec: Partial<Deployment['spec']>; copies: number }>([
  { name: 'Recreate', spec: { strategy: { type: 'Recreate' } }, copies: 1 },
  { name: 'no surge', spec: { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } }, copies: 1 },
  {
    name: 'neither surge nor unavailable, which servers read as one unavailable',
    spec: { strategy: { rollingUpdate: { maxSurge: '0%', maxUnavailable: 0 } } },
    copies: 1,
  },
  { name: 'a quarter of four', spec: { replicas: 4 }, copies: 1 },
])('a Deployment that may end copies first goes on, and the outage is stated: $name', ({ spec, copies }) => {
  const full = facts({ deployment: deployment(podSpec(), spec), nodes: [node('a', oneGpu)] })
  expect(planRollout(full)).toMatchObject({ outcome: 'interrupts', outage: { copies } })
})

test.each<{ name: string; given: Partial<RolloutFacts>; outcome: string }>([
  { name: 'no Deployment', given: { deployment: undefined }, outcome: 'idle' },
  { name: 'no replicas', given: { deployment: deployment(podSpec(), { replicas: 0 }) }, outcome: 'idle' },
  { name: 'nodes that cannot be seen', given: { nodes: undefined }, outcome: 'unknown' },
  { name: 'pods that cannot be seen', given: { pods: undefined }, outcome: 'unknown' },
])('what nobody can know, or nothing does, is not called safe: $name', ({ given, outcome }) => {
  expect(planRollout(facts(given)).outcome).toBe(outcome)
})

test('the outage is as long as the last start took', () => {
  const ready = { type: 'Ready', status: 'True' as const, lastTransitionTime: '2026-11-21T10:04:10Z' }
  const running = pod('a', podSpec(), { phase: 'Running', startTime: '2026-11-21T10:00:00Z', conditions: [ready] })
  const plan = planRollout(facts({ nodes: [node('a', oneGpu)], pods: [running] }))
  expect(plan).toMatchObject({ options: [{ outage: { seconds: 250 } }] })
})

test.each([
  [
    { copies: 1, replicas: 1, seconds: 250 },
    'Nobody who uses it is answered for about 5 min (its last start took that long).',
  ],
  [{ copies: 1, replicas: 1, seconds: undefined }, 'Nobody who uses it is answered until a new copy is ready.'],
  [
    { copies: 1, replicas: 3, seconds: 20 },
    '2 of 3 copies answer at a time, for about 20 s (its last start took that long) for each.',
  ],
])('an outage is said in one sentence: %j', (outage, sentence) => {
  expect(renderOutage(outage)).toBe(sentence)
})
