import type { Pod } from '@nexus/kube'
import { expect, test } from 'vitest'
import { viewsFromStatus } from '../lifecycle/container-view-from-status.ts'
import type { ContainerState, ContainerView } from '../lifecycle/container-view.ts'
import { assemblePodStatus, backOffMessage } from './pod-status.ts'

const now = new Date('2026-01-01T00:01:00.000Z')
const exit = {
  exitCode: 3,
  reason: 'Error',
  startedAt: '2026-01-01T00:00:30Z',
  finishedAt: '2026-01-01T00:00:40Z',
} as const
const running = {
  phase: 'running',
  startedAt: '2026-01-01T00:00:50Z',
  started: true,
  ready: true,
  stopping: false,
} as const

const neverRestarted: Pod['spec'] = { containers: [{ name: 'main' }], restartPolicy: 'Never' }

function pod(fields: Partial<Pod> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'llama', namespace: 'demo', uid: 'u-1' },
    spec: { containers: [{ name: 'main', image: 'nexus-gateway' }] },
    ...fields,
  }
}

function container(state: ContainerState, fields: Partial<ContainerView> = {}): ContainerView {
  return { name: 'main', role: 'main', image: 'nexus-gateway', restartCount: 0, crashes: 0, state, ...fields }
}

function statusOf(
  state: ContainerState,
  fields: Partial<ContainerView> = {},
  of = pod(),
): ReturnType<typeof assemblePodStatus> {
  const containers = [container(state, fields)]
  return assemblePodStatus(
    of,
    { containers, podIP: '10.244.0.2', startTime: '2026-01-01T00:00:00Z', volumesReady: true },
    now,
  )
}

function conditionOf(status: ReturnType<typeof assemblePodStatus>, type: string): object | undefined {
  return status.conditions?.find((condition) => condition.type === type)
}

test('a ready container makes a running, ready pod', () => {
  const status = statusOf(running, { program: 'gateway' })
  expect(status).toMatchObject({ phase: 'Running', podIP: '10.244.0.2', podIPs: [{ ip: '10.244.0.2' }] })
  expect(conditionOf(status, 'Ready')).toEqual({
    type: 'Ready',
    status: 'True',
    lastTransitionTime: '2026-01-01T00:01:00Z',
  })
  expect(status.containerStatuses).toEqual([
    {
      name: 'main',
      image: 'nexus-gateway',
      imageID: 'sandbox://gateway',
      ready: true,
      started: true,
      restartCount: 0,
      containerID: 'nexus://u-1-main-0',
      state: { running: { startedAt: '2026-01-01T00:00:50Z' } },
      lastState: {},
    },
  ])
})

test.each([
  ['waits for its image', { phase: 'waiting', reason: 'ErrImagePull', retryAt: 0 }, 'Pending'],
  ['runs and is not ready', { ...running, ready: false }, 'Running'],
  ['has not started up', { ...running, started: false }, 'Running'],
] as const)('a container that %s makes an unready pod', (_, state, phase) => {
  const status = statusOf(state)
  expect(status.phase).toBe(phase)
  expect(conditionOf(status, 'Ready')).toMatchObject({
    status: 'False',
    reason: 'ContainersNotReady',
    message: 'containers with unready status: [main]',
  })
})

test('a crashed container that restarts waits in CrashLoopBackOff, its end is its past', () => {
  const [status] = statusOf({ phase: 'exited', exit }, { restartCount: 2, crashes: 3 }).containerStatuses ?? []
  expect(status?.state).toEqual({
    waiting: {
      reason: 'CrashLoopBackOff',
      message: 'back-off 20s restarting failed container=main pod=llama_demo(u-1)',
    },
  })
  expect(status?.lastState?.terminated).toMatchObject({ exitCode: 3, reason: 'Error' })
})

test.each([
  [0, 'Succeeded', 'PodCompleted'],
  [3, 'Failed', 'PodFailed'],
] as const)('a container that ends for good with %i makes a pod %s', (exitCode, phase, reason) => {
  const status = statusOf({ phase: 'exited', exit: { ...exit, exitCode } }, {}, pod({ spec: neverRestarted }))
  expect(status.phase).toBe(phase)
  expect(conditionOf(status, 'Ready')).toMatchObject({ status: 'False', reason })
  expect(status.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(exitCode)
})

test('conditions of others stay, and times change with the state only', () => {
  const since = '2026-01-01T00:00:10Z'
  const conditions = [
    { type: 'PodScheduled', status: 'True', lastTransitionTime: since },
    { type: 'Ready', status: 'True', lastTransitionTime: since },
    { type: 'ContainersReady', status: 'False', lastTransitionTime: since },
  ] as const
  const status = statusOf(running, {}, pod({ status: { conditions: [...conditions] } }))
  expect(conditionOf(status, 'PodScheduled')).toEqual(conditions[0])
  expect(conditionOf(status, 'Ready')).toMatchObject({ lastTransitionTime: since })
  expect(conditionOf(status, 'ContainersReady')).toMatchObject({ lastTransitionTime: '2026-01-01T00:01:00Z' })
})

test.each([
  [2, 'back-off 10s '],
  [5, 'back-off 1m20s '],
  [9, 'back-off 5m0s '],
])('after %i crashes the message says %s', (crashes, beginning) => {
  expect(backOffMessage(pod(), 'main', crashes)).toContain(beginning)
})

test('the next agent takes a container that ran as ended unseen', () => {
  const status = statusOf(running, { restartCount: 1 })
  expect(viewsFromStatus(pod({ status }), now)).toMatchObject([
    { restartCount: 1, state: { phase: 'exited', exit: { exitCode: 137, reason: 'ContainerStatusUnknown' } } },
  ])
})

test('the next agent remembers how a container ended', () => {
  const status = statusOf({ phase: 'exited', exit }, {}, pod({ spec: neverRestarted }))
  expect(viewsFromStatus(pod({ spec: neverRestarted, status }), now)).toMatchObject([
    { state: { phase: 'exited', exit: { exitCode: 3 } } },
  ])
})

test('a pod without a status starts from nothing', () => {
  expect(viewsFromStatus(pod(), now)).toMatchObject([
    { name: 'main', restartCount: 0, state: { phase: 'waiting', reason: 'ContainerCreating' } },
  ])
})

test('a pod that initializes is pending and says what it waits for', () => {
  const waiting = { phase: 'waiting', reason: 'PodInitializing', retryAt: 0 } as const
  const init = { ...container({ ...running, ready: false }), name: 'init', role: 'init' } as const
  const containers = [init, container(waiting)]
  const spec: Pod['spec'] = { containers: [{ name: 'main' }], initContainers: [{ name: 'init' }] }
  const view = { containers, podIP: '10.244.0.2', startTime: '2026-01-01T00:00:00Z', volumesReady: true }
  const status = assemblePodStatus(pod({ spec }), view, now)
  expect(status).toMatchObject({
    phase: 'Pending',
    initContainerStatuses: [{ name: 'init', ready: false, started: false, state: { running: {} } }],
    containerStatuses: [{ name: 'main', state: { waiting: { reason: 'PodInitializing' } } }],
  })
  expect(conditionOf(status, 'Initialized')).toMatchObject({
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: 'containers with incomplete status: [init]',
  })
})

test('a pod with a readiness gate is ready when the gate is', () => {
  const spec: Pod['spec'] = { containers: [{ name: 'main' }], readinessGates: [{ conditionType: 'example.com/gate' }] }
  expect(conditionOf(statusOf(running, {}, pod({ spec })), 'Ready')).toMatchObject({
    status: 'False',
    reason: 'ReadinessGatesNotReady',
    message: 'corresponding condition of pod readiness gate "example.com/gate" does not exist.',
  })
  const conditions = [{ type: 'example.com/gate', status: 'True' } as const]
  expect(conditionOf(statusOf(running, {}, pod({ spec, status: { conditions } })), 'Ready')).toMatchObject({
    status: 'True',
  })
})

test('a pod says which generation of it the node has seen', () => {
  const metadata = { name: 'llama', namespace: 'demo', uid: 'u-1', generation: 2 }
  const status = statusOf(running, {}, pod({ metadata }))
  expect(status.observedGeneration).toBe(2)
  expect(conditionOf(status, 'Ready')).toMatchObject({ observedGeneration: 2 })
})
