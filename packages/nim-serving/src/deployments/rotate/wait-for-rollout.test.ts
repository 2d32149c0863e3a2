import type { Deployment, Pod } from '@nexus/kube'
import { expect, test } from 'vitest'
import { scheduled, testPod, waiting } from '../../testing/pods.ts'
import { rolloutProgress } from './wait-for-rollout.ts'

const MARK = 'rot-1'

function deployment(mark: string | undefined, status: Deployment['status'], generation = 2): Deployment {
  const annotations = mark === undefined ? {} : { 'nexus.dev/key-rotation': mark }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'llama-predictor', namespace: 'demo', generation },
    spec: { replicas: 2, selector: {}, template: { metadata: { annotations }, spec: { containers: [] } } },
    status: { observedGeneration: 2, ...status },
  }
}

function newPod(status: Pod['status'] = {}): Pod {
  const pod = testPod(status)
  return { ...pod, metadata: { ...pod.metadata, annotations: { 'nexus.dev/key-rotation': MARK } } }
}

const done = { replicas: 2, updatedReplicas: 2, availableReplicas: 2 }

test.each<{ name: string; live: Deployment | undefined; pods?: Pod[]; phase: string; says?: string }>([
  { name: 'no Deployment', live: undefined, phase: 'waiting', says: 'not made the Deployment' },
  { name: 'the old annotation', live: deployment('rot-0', done), phase: 'waiting', says: 'KServe has not seen' },
  { name: 'a newer generation', live: deployment(MARK, done, 3), phase: 'waiting', says: 'has not begun' },
  { name: 'an old copy left', live: deployment(MARK, { ...done, replicas: 3 }), phase: 'waiting', says: 'Old copies' },
  {
    name: 'no new copy yet',
    live: deployment(MARK, { replicas: 2, updatedReplicas: 0, availableReplicas: 2 }),
    phase: 'waiting',
    says: '0 of 2 copies are new: The next copy is being made.',
  },
  {
    name: 'a new copy that loads',
    live: deployment(MARK, { ...done, updatedReplicas: 1, replicas: 3 }),
    pods: [newPod(scheduled({ state: { running: {} } }))],
    phase: 'waiting',
    says: '1 of 2 copies are new',
  },
  {
    name: 'an image that the new key cannot pull',
    live: deployment(MARK, { ...done, updatedReplicas: 1, replicas: 3 }),
    pods: [newPod(waiting('ImagePullBackOff', '401 Unauthorized'))],
    phase: 'failed',
  },
  {
    name: 'an old copy that fails',
    live: deployment(MARK, { ...done, updatedReplicas: 1, replicas: 3 }),
    pods: [testPod(waiting('ImagePullBackOff', '401 Unauthorized'))],
    phase: 'waiting',
  },
  { name: 'all copies new and ready', live: deployment(MARK, done), phase: 'done' },
])('the progress of a rollout: $name', ({ live, pods = [], phase, says = '' }) => {
  const now = new Date('2026-11-21T12:00:00Z')
  const progress = rolloutProgress(live, pods, { mark: MARK, name: 'llama', namespace: 'demo', now })
  expect(progress.phase).toBe(phase)
  expect('reason' in progress ? progress.reason : '').toContain(says)
})

test('without an annotation is done when the Deployment has none', () => {
  const now = new Date('2026-11-21T12:00:00Z')
  const about = { mark: null, name: 'llama', namespace: 'demo', now }
  expect(rolloutProgress(deployment(undefined, done), [], about).phase).toBe('done')
  expect(rolloutProgress(deployment(MARK, done), [], about).phase).toBe('waiting')
})
