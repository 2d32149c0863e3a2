import type { Pod } from '@nexus/kube'
import { expect, test } from 'vitest'
import type { ContainerRole, ContainerState, ContainerView } from './container-view.ts'
import { progressOf } from './pod-progress.ts'

const startTime = '2026-01-01T00:00:00Z'
const waiting: ContainerState = { phase: 'waiting', reason: 'PodInitializing', retryAt: 0 }
const starting = { phase: 'running', startedAt: '', started: false, ready: false, stopping: false } as const
const running: ContainerState = { ...starting, started: true, ready: true }

function exited(exitCode: number, finishedAt = '2026-01-01T00:00:05Z'): ContainerState {
  return { phase: 'exited', exit: { exitCode, reason: 'Error', startedAt: startTime, finishedAt } }
}

function view(role: ContainerRole, state: ContainerState): ContainerView {
  return { name: role, role, image: '', restartCount: 0, crashes: 1, state }
}

function pod(spec: Partial<Pod['spec']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'llama' },
    spec: { containers: [{ name: 'main' }], ...spec },
  }
}

const now = Date.parse('2026-01-01T00:00:10Z')

test.each([
  ['an init container that waits', view('init', waiting), false],
  ['an init container that runs', view('init', running), false],
  ['an init container that ended well', view('init', exited(0)), true],
  ['a sidecar that starts', view('sidecar', starting), false],
  ['a sidecar that has started', view('sidecar', running), true],
])('with %s a pod is initialized: %s', (_, early, initialized) => {
  expect(progressOf(pod(), [early, view('main', waiting)], { now, startTime })).toMatchObject({
    initialized,
    ending: false,
  })
})

test('a sidecar that crashes does not undo the initialization', () => {
  expect(progressOf(pod(), [view('sidecar', exited(1)), view('main', running)], { now, startTime })).toMatchObject({
    initialized: true,
    ending: false,
  })
})

test.each([
  ['Never', true],
  ['OnFailure', false],
  ['Always', false],
] as const)('with policy %s, an init container that fails ends the pod: %s', (restartPolicy, ending) => {
  const containers = [view('init', exited(1)), view('main', waiting)]
  expect(progressOf(pod({ restartPolicy }), containers, { now, startTime }).ending).toBe(ending)
})

test('a pod ends with its main containers', () => {
  const containers = [view('sidecar', running), view('main', exited(0))]
  expect(progressOf(pod({ restartPolicy: 'OnFailure' }), containers, { now, startTime }).ending).toBe(true)
  expect(progressOf(pod(), containers, { now, startTime }).ending).toBe(false)
})

test.each([
  ['runs when its deadline passes', running, 10, 'DeadlineExceeded'],
  ['runs before its deadline', running, 11, undefined],
  ['ended before its deadline', exited(1), 10, undefined],
  ['was ended by its deadline', exited(143, '2026-01-01T00:00:10.500Z'), 10, 'DeadlineExceeded'],
] as const)('a pod that %s', (_, state, activeDeadlineSeconds, reason) => {
  const of = pod({ activeDeadlineSeconds, restartPolicy: 'Never' })
  const progress = progressOf(of, [view('main', state)], { now: now + 500, startTime })
  expect(progress.failure?.reason).toBe(reason)
})
