import type { Deployment, ReplicaSet } from '@nexus/kube'
import { expect, test } from 'vitest'
import { millisecondsToDeadline, observeDeployment } from './deployment-status.ts'
import type { DeploymentStatus } from './deployment-status.ts'

const start = new Date('2026-11-21T09:00:00Z')
const template = { spec: { containers: [] } }

function deployment(status?: DeploymentStatus, spec: Partial<Deployment['spec']> = {}): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', generation: 1 },
    spec: { replicas: 1, selector: {}, template, progressDeadlineSeconds: 60, ...spec },
    ...(status && { status }),
  }
}

function replicaSet(available: number, status: Partial<ReplicaSet['status']> = {}): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'web-1' },
    spec: { replicas: 1, selector: {}, template },
    status: { replicas: 1, readyReplicas: available, availableReplicas: available, ...status },
  }
}

function said({ conditions = [] }: DeploymentStatus): string[] {
  return conditions.map(({ type, status, reason, message }) => `${type} ${status} ${reason} ${message}`)
}

const notAvailable = 'Available False MinimumReplicasUnavailable Deployment does not have minimum availability.'

test('a rollout is created, progresses and ends', () => {
  const created = observeDeployment(deployment(), {
    newest: replicaSet(0, { replicas: 0 }),
    older: [],
    now: start,
    created: true,
  })
  expect(said(created)).toEqual(['Progressing True NewReplicaSetCreated Created new replica set "web-1"', notAvailable])
  const moving = observeDeployment(deployment(created), { newest: replicaSet(0), older: [], now: start })
  expect(said(moving)).toEqual([notAvailable, 'Progressing True ReplicaSetUpdated ReplicaSet "web-1" is progressing.'])
  const done = observeDeployment(deployment(moving), { newest: replicaSet(1), older: [], now: start })
  expect(done).toMatchObject({
    observedGeneration: 1,
    replicas: 1,
    updatedReplicas: 1,
    readyReplicas: 1,
    availableReplicas: 1,
  })
  expect(done).not.toHaveProperty('unavailableReplicas')
  expect(said(done)).toEqual([
    'Available True MinimumReplicasAvailable Deployment has minimum availability.',
    'Progressing True NewReplicaSetAvailable ReplicaSet "web-1" has successfully progressed.',
  ])
})

test('a rollout that stands still is told when its time is over', () => {
  const moving = observeDeployment(deployment(), { newest: replicaSet(0), older: [], now: start })
  expect(millisecondsToDeadline(deployment(moving), start)).toBe(60_000)
  const soon = new Date(start.getTime() + 59_000)
  expect(said(observeDeployment(deployment(moving), { newest: replicaSet(0), older: [], now: soon }))).toEqual(
    said(moving),
  )
  const over = new Date(start.getTime() + 60_000)
  const late = observeDeployment(deployment(moving), { newest: replicaSet(0), older: [], now: over })
  expect(said(late)[1]).toBe('Progressing False ProgressDeadlineExceeded ReplicaSet "web-1" has timed out progressing.')
  const recovered = observeDeployment(deployment(late), { newest: replicaSet(1), older: [], now: over })
  expect(said(recovered)[1]).toMatch('NewReplicaSetAvailable')
})

test('what has not changed keeps its times', () => {
  const done = observeDeployment(deployment(), { newest: replicaSet(1), older: [], now: start })
  const later = observeDeployment(deployment(done), { newest: replicaSet(1), older: [], now: new Date(0) })
  expect(later).toEqual(done)
})

test('a completed Deployment whose pod fails stays progressed', () => {
  const done = observeDeployment(deployment(), { newest: replicaSet(1), older: [], now: start })
  const failed = observeDeployment(deployment(done), { newest: replicaSet(0), older: [], now: start })
  expect(said(failed)[1]).toBe(notAvailable)
  expect(said(failed)[0]).toMatch(/^Progressing True/)
})

test('pods that cannot be made are told by the Deployment, too', () => {
  const conditions = [{ type: 'ReplicaFailure', status: 'True' as const, reason: 'FailedCreate', message: 'quota' }]
  const status = observeDeployment(deployment(), { newest: replicaSet(0, { conditions }), older: [], now: start })
  expect(said(status)[2]).toBe('ReplicaFailure True FailedCreate quota')
})

test('a pause is told, and its end, and neither counts the time', () => {
  const moving = observeDeployment(deployment(), { newest: replicaSet(0), older: [], now: start })
  const paused = observeDeployment(deployment(moving, { paused: true }), {
    newest: replicaSet(0),
    older: [],
    now: start,
    rolling: false,
  })
  expect(said(paused).at(-1)).toBe('Progressing Unknown DeploymentPaused Deployment is paused')
  const resumed = observeDeployment(deployment(paused), { newest: replicaSet(0), older: [], now: start })
  expect(said(resumed).at(-1)).toBe('Progressing Unknown DeploymentResumed Deployment is resumed')
})

test('the time of the last progress counts, not that of the first', () => {
  const later = new Date(start.getTime() + 30_000)
  const moving = observeDeployment(deployment(), { newest: replicaSet(0), older: [], now: start })
  const further = observeDeployment(deployment(moving, { replicas: 2 }), {
    newest: replicaSet(1, { replicas: 2 }),
    older: [],
    now: later,
  })
  const progress = further.conditions?.find(({ type }) => type === 'Progressing')
  expect(progress).toMatchObject({
    reason: 'ReplicaSetUpdated',
    lastUpdateTime: '2026-11-21T09:00:30Z',
    lastTransitionTime: '2026-11-21T09:00:00Z',
  })
})
