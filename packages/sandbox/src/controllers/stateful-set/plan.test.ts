import type { ControllerRevision, Pod, StatefulSet } from '@nexus/kube'
import { expect, test } from 'vitest'
import { planMembers } from './plan.ts'
import { assembleClaims, assembleMember, REVISION_LABEL } from './pod.ts'
import { observeStatefulSet } from './status.ts'

const now = new Date('2026-11-21T09:00:00Z')
const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'a', image: 'a:2' }] } }

function set(spec: Partial<StatefulSet['spec']> = {}): StatefulSet {
  const metadata = { name: 'web', namespace: 'demo', uid: 'set-uid', generation: 1 }
  const selector = { matchLabels: { app: 'a' } }
  return { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata, spec: { replicas: 3, selector, template, ...spec } }
}

function pod(ordinal: number, revision = 'new', ready = true): Pod {
  const conditions = [{ type: 'Ready', status: ready ? ('True' as const) : ('False' as const) }]
  const metadata = { name: `web-${ordinal}`, labels: { [REVISION_LABEL]: revision } }
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec, status: { phase: 'Running', conditions } }
}

function plan(of: StatefulSet, ...pods: Pod[]): { create: number[]; remove: string[] } {
  const { create, remove } = planMembers(of, pods, { updateRevision: 'new', now })
  return { create: create.map(({ ordinal }) => ordinal), remove: remove.map(({ metadata }) => metadata.name) }
}

const parallel = { podManagementPolicy: 'Parallel' as const }

test.each([
  ['the first member comes first', set(), [], { create: [0], remove: [] }],
  ['the next waits until the first is ready', set(), [pod(0, 'new', false)], { create: [], remove: [] }],
  ['the next comes when the first is ready', set(), [pod(0)], { create: [1], remove: [] }],
  ['a gap is filled', set(), [pod(0), pod(2)], { create: [1], remove: [] }],
  ['all come at once where order does not matter', set(parallel), [], { create: [0, 1, 2], remove: [] }],
  ['the highest goes first', set({ replicas: 1 }), [pod(0), pod(1), pod(2)], { create: [], remove: ['web-2'] }],
  [
    'a member that ended is made anew',
    set(),
    [{ ...pod(0), status: { phase: 'Failed' } }],
    { create: [], remove: ['web-0'] },
  ],
  [
    'the highest is updated first',
    set(),
    [pod(0, 'old'), pod(1, 'old'), pod(2, 'old')],
    { create: [], remove: ['web-2'] },
  ],
  [
    'the next waits for the one updated',
    set(),
    [pod(0, 'old'), pod(1, 'old'), pod(2, 'new', false)],
    { create: [], remove: [] },
  ],
  ['then the next is updated', set(), [pod(0, 'old'), pod(1, 'old'), pod(2)], { create: [], remove: ['web-1'] }],
  [
    'below the partition nothing is updated',
    set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } }),
    [pod(0, 'old'), pod(1, 'old'), pod(2)],
    { create: [], remove: [] },
  ],
  [
    'on delete nothing is updated',
    set({ updateStrategy: { type: 'OnDelete' } }),
    [pod(0, 'old'), pod(1, 'old'), pod(2, 'old')],
    { create: [], remove: [] },
  ],
] satisfies [string, StatefulSet, Pod[], object][])('%s', (_rule, of, pods, expected) => {
  expect(plan(of, ...pods)).toEqual(expected)
})

const revision: ControllerRevision = {
  apiVersion: 'apps/v1',
  kind: 'ControllerRevision',
  metadata: { name: 'web-old' },
  revision: 1,
  data: { spec: { template: { $patch: 'replace', spec: { containers: [{ name: 'a', image: 'a:1' }] } } } },
}

test('a member has a name, a host name, and claims of its own', () => {
  const volumeClaimTemplates = [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } }]
  const of = set({ serviceName: 'svc', volumeClaimTemplates })
  expect(assembleMember(of, 1, revision)).toMatchObject({
    metadata: { name: 'web-1', labels: { [REVISION_LABEL]: 'web-old', 'statefulset.kubernetes.io/pod-name': 'web-1' } },
    spec: {
      hostname: 'web-1',
      subdomain: 'svc',
      containers: [{ image: 'a:1' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-web-1' } }],
    },
  })
  const [first] = assembleClaims(of, 1)
  expect(first?.claim.metadata).toEqual({ name: 'data-web-1', namespace: 'demo', labels: { app: 'a' } })
})

test('a new template is the current one when all members have it', () => {
  const revisions = { currentRevision: 'old', updateRevision: 'new', now }
  const between = observeStatefulSet(set(), [pod(0, 'old'), pod(1), pod(2)], revisions)
  expect(between).toMatchObject({ currentRevision: 'old', currentReplicas: 1, updatedReplicas: 2 })
  expect(observeStatefulSet(set(), [pod(1), pod(2)], revisions)).toMatchObject({ currentRevision: 'old' })
  const done = observeStatefulSet(set(), [pod(0), pod(1), pod(2)], revisions)
  expect(done).toMatchObject({ currentRevision: 'new', currentReplicas: 3, updatedReplicas: 3 })
})
