import { pathIn, pod } from '../bodies.ts'
import type { Answer, ConformanceCase, ServerUnderTest } from '../case.ts'
import { fieldAt } from '../fields.ts'

export const area = 'the scheduler: where pods go, and why nowhere'
/** The nodes of a case are there for every pod. */
export const isAlone = true

type Fields = Readonly<Record<string, unknown>>

interface NodeFields {
  readonly spec?: Fields
  readonly labels?: Fields
  /** Beside plenty of everything else. */
  readonly resources?: Fields
}

interface Situation {
  readonly nodes: readonly NodeFields[]
  /** Pods that run already, by the number of their node. */
  readonly running?: readonly { readonly on: number; readonly spec?: Fields; readonly labels?: Fields }[]
  /** Prepared before the pod; in its namespace. */
  readonly claims?: readonly Fields[]
  readonly pod: Fields
  /** Where the pod stays: what the scheduler says of it in the end, when it has seen all of the nodes as they are. */
  readonly says?: string
}

const GPU = 'nvidia.com/gpu'
const gpus = (count: number) => ({
  containers: [{ name: 'main', image: 'example/app:1', resources: { limits: { [GPU]: count } } }],
})
const asking = (requests: Fields) => ({
  containers: [{ name: 'main', image: 'example/app:1', resources: { requests } }],
})
const taint = (key: string, effect = 'NoSchedule', value?: string) => ({
  key,
  effect,
  ...(value !== undefined && { value }),
})
const nodeAffinity = (...matchExpressions: Fields[]) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] },
    },
  },
})
const apart = (kind: 'podAffinity' | 'podAntiAffinity', app: string, topologyKey = 'kubernetes.io/hostname') => ({
  affinity: {
    [kind]: {
      requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: { matchLabels: { app } }, topologyKey }],
    },
  },
})

const SITUATIONS: readonly (readonly [string, Situation])[] = [
  ['a pod that fits is bound', { nodes: [{ resources: { [GPU]: '1' } }], pod: gpus(1) }],
  ['a node without GPUs is told by their name', { says: '1 Insufficient nvidia.com/gpu.', nodes: [{}], pod: gpus(1) }],
  [
    'GPUs in use are not free',
    {
      says: '1 Insufficient nvidia.com/gpu.',
      nodes: [{ resources: { [GPU]: '2' } }],
      running: [{ on: 0, spec: gpus(2) }],
      pod: gpus(1),
    },
  ],
  [
    'more GPUs than any node has',
    { says: '1 Insufficient nvidia.com/gpu.', nodes: [{ resources: { [GPU]: '2' } }], pod: gpus(4) },
  ],
  [
    'too little of two things',
    { says: '1 Insufficient cpu, 1 Insufficient memory.', nodes: [{}], pod: asking({ cpu: '90000', memory: '900Ti' }) },
  ],
  ['too many pods', { says: '1 Too many pods.', nodes: [{ resources: { pods: '0' } }], pod: {} }],
  [
    'a taint without a value',
    { says: '1 node(s) had untolerated taint(s).', nodes: [{ spec: { taints: [taint(GPU)] } }], pod: {} },
  ],
  [
    'a taint with a value',
    {
      says: '1 node(s) had untolerated taint(s).',
      nodes: [{ spec: { taints: [taint('dedicated', 'NoSchedule', 'gpu')] } }],
      pod: {},
    },
  ],
  [
    'a taint that is tolerated',
    { nodes: [{ spec: { taints: [taint(GPU)] } }], pod: { tolerations: [{ key: GPU, operator: 'Exists' }] } },
  ],
  ['a taint that only advises', { nodes: [{ spec: { taints: [taint(GPU, 'PreferNoSchedule')] } }], pod: {} }],
  ['a cordoned node', { says: '1 node(s) were unschedulable.', nodes: [{ spec: { unschedulable: true } }], pod: {} }],
  [
    'a label that no node has',
    {
      says: "2 node(s) didn't match Pod's node affinity/selector.",
      nodes: [{}, {}],
      pod: { nodeSelector: { disk: 'fast' } },
    },
  ],
  ['a label that one node has', { nodes: [{}, { labels: { disk: 'fast' } }], pod: { nodeSelector: { disk: 'fast' } } }],
  [
    'an affinity to a GPU product that one node has',
    {
      nodes: [
        { labels: { 'nvidia.com/gpu.product': 'NVIDIA-L40S' } },
        { labels: { 'nvidia.com/gpu.product': 'NVIDIA-H100' } },
      ],
      pod: nodeAffinity({ key: 'nvidia.com/gpu.product', operator: 'In', values: ['NVIDIA-H100'] }),
    },
  ],
  [
    'affinities by existence and by number',
    {
      nodes: [{ labels: { memory: '40960' } }, { labels: { memory: '81920' } }, {}],
      pod: nodeAffinity({ key: 'memory', operator: 'Exists' }, { key: 'memory', operator: 'Gt', values: ['50000'] }),
    },
  ],
  [
    'an affinity that no node meets',
    {
      says: "1 node(s) didn't match Pod's node affinity/selector.",
      nodes: [{ labels: { a: 'b' } }],
      pod: nodeAffinity({ key: 'a', operator: 'NotIn', values: ['b'] }),
    },
  ],
  [
    'several nodes with several reasons',
    {
      says: '1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, 3 Insufficient nvidia.com/gpu.',
      nodes: [
        { spec: { unschedulable: true } },
        { spec: { taints: [taint('dedicated')] } },
        { resources: { [GPU]: '1' } },
        { resources: { [GPU]: '4' } },
        {},
      ],
      running: [{ on: 3, spec: gpus(4) }],
      pod: gpus(2),
    },
  ],
  [
    'pods that stay apart',
    {
      says: "1 node(s) didn't match pod anti-affinity rules.",
      nodes: [{}],
      running: [{ on: 0, labels: { app: 'a' } }],
      pod: apart('podAntiAffinity', 'a'),
    },
  ],
  [
    'pods that stay apart find another node',
    { nodes: [{}, {}], running: [{ on: 0, labels: { app: 'a' } }], pod: apart('podAntiAffinity', 'a') },
  ],
  [
    'a running pod that keeps others away',
    {
      says: "1 node(s) didn't satisfy existing pods anti-affinity rules.",
      nodes: [{}],
      running: [{ on: 0, spec: apart('podAntiAffinity', 'asked') }],
      pod: {},
    },
  ],
  [
    'pods that stay together',
    { says: "1 node(s) didn't match pod affinity rules.", nodes: [{}], pod: apart('podAffinity', 'a') },
  ],
  [
    'a pod held back by a gate',
    { says: 'Scheduling is blocked', nodes: [{}], pod: { schedulingGates: [{ name: 'example.com/wait' }] } },
  ],
  [
    'a claim that is not there',
    {
      says: 'persistentvolumeclaim "none" not found.',
      nodes: [{}],
      pod: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'none' } }] },
    },
  ],
  [
    'a claim that has no volume',
    {
      says: 'pod has unbound immediate PersistentVolumeClaims.',
      nodes: [{}],
      claims: [
        { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'none' },
      ],
      pod: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'claim-0' } }] },
    },
  ],
  ['a pod without nodes', { says: 'no nodes available to schedule pods', nodes: [], pod: {} }],
  [
    'a port of the node in use',
    {
      says: "1 node(s) didn't have free ports for the requested pod ports.",
      nodes: [{}],
      running: [
        {
          on: 0,
          spec: {
            containers: [{ name: 'main', image: 'example/app:1', ports: [{ containerPort: 80, hostPort: 80 }] }],
          },
        },
      ],
      pod: { containers: [{ name: 'main', image: 'example/app:1', ports: [{ containerPort: 80, hostPort: 80 }] }] },
    },
  ],
]

export const cases: readonly ConformanceCase[] = SITUATIONS.map(([title, situation]) => ({
  title,
  run: (server) => place(server, situation),
}))

async function place(
  server: ServerUnderTest,
  { nodes, running = [], claims = [], pod: spec, says }: Situation,
): Promise<void> {
  const { namespace, prepare, until } = server
  const path = pathIn(namespace, 'pods')
  const nameOf = (node: number) => `${namespace}-${node}`
  try {
    for (const [index, node] of nodes.entries()) await makeNode(server, nameOf(index), node)
    for (const [index, { on, spec: own = {}, labels = {} }] of running.entries()) {
      const body = pod(`running-${index}`, { ...own, nodeName: nameOf(on) }, { labels })
      await prepare({ method: 'POST', path, body })
    }
    for (const [index, claim] of claims.entries()) {
      const metadata = { name: `claim-${index}` }
      const body = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: claim }
      await prepare({ method: 'POST', path: pathIn(namespace, 'persistentvolumeclaims'), body })
    }
    await prepare({ method: 'POST', path, body: pod('asked', spec, { labels: { app: 'asked' } }) })
    await until({ method: 'GET', path: `${path}/asked`, compared: whereabouts }, ({ body }) => {
      if (says === undefined) return Boolean(fieldAt(body, 'spec', 'nodeName'))
      return String(fieldAt(scheduled(body), 'message')).includes(says)
    })
  } finally {
    await prepare({ method: 'DELETE', path: `${path}?gracePeriodSeconds=0` })
    for (const index of nodes.keys()) await prepare({ method: 'DELETE', path: `/api/v1/nodes/${nameOf(index)}` })
  }
}

/** A node that is ready: Kubernetes taints new ones until something says so. */
async function makeNode({ prepare, until }: ServerUnderTest, name: string, node: NodeFields): Promise<void> {
  const plenty = { cpu: '1000', memory: '1000Gi', pods: '1000', ...node.resources }
  const status = { capacity: plenty, allocatable: plenty, conditions: [{ type: 'Ready', status: 'True' }] }
  const labels = { 'kubernetes.io/hostname': name, ...node.labels }
  const body = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: node.spec, status }
  await prepare({ method: 'POST', path: '/api/v1/nodes', body })
  const path = `/api/v1/nodes/${name}`
  const isReady = ({ body }: Answer) =>
    listAt(body, 'spec', 'taints').every((one) => fieldAt(one, 'key') !== 'node.kubernetes.io/not-ready')
  await until({ method: 'GET', path, compared: () => 'ready' }, isReady)
}

function scheduled(body: unknown): unknown {
  return listAt(body, 'status', 'conditions').find((one) => fieldAt(one, 'type') === 'PodScheduled')
}

/** Where the pod is, and what is said of it: the words of the condition. */
function whereabouts(body: unknown): unknown {
  const said = scheduled(body)
  const words = ['status', 'reason', 'message'].map((field) => [field, fieldAt(said, field)])
  return { nodeName: fieldAt(body, 'spec', 'nodeName') ?? null, ...Object.fromEntries(words) }
}

function listAt(value: unknown, ...path: string[]): readonly unknown[] {
  const list = fieldAt(value, ...path)
  return Array.isArray(list) ? list : []
}
