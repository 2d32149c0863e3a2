import type { Pod } from '@nexus/kube'
import { expect, test } from 'vitest'
import type { ContainerState, ContainerView } from './container-view.ts'
import { decidePod, nextDecision } from './decide.ts'

const now = Date.parse('2026-01-01T00:01:00Z')
const moment = { now, startTime: '2026-01-01T00:00:00Z' }
const running = { phase: 'running', startedAt: '', started: true, ready: true, stopping: false } as const

function pod(spec: Partial<Pod['spec']> = {}, metadata: Partial<Pod['metadata']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'llama', ...metadata },
    spec: { containers: [{ name: 'main', image: 'nexus-gateway' }], ...spec },
  }
}

function container(state: ContainerState, crashes = 0): ContainerView {
  return { name: 'main', role: 'main', image: 'nexus-gateway', restartCount: 0, crashes, state }
}

function exited(exitCode: number, crashes = 1): ContainerView {
  const exit = {
    exitCode,
    reason: 'Error',
    startedAt: '2026-01-01T00:00:50Z',
    finishedAt: '2026-01-01T00:01:00Z',
  } as const
  return container({ phase: 'exited', exit }, crashes)
}

test('a new container starts', () => {
  const decision = decidePod(pod(), [container({ phase: 'waiting', reason: 'ContainerCreating', retryAt: 0 })], moment)
  expect(decision.actions).toEqual([{ type: 'start', container: 'main', restart: false }])
})

test('a container that could not start is tried again at its time', () => {
  const waiting = container({ phase: 'waiting', reason: 'ErrImagePull', retryAt: now + 5000 })
  expect(decidePod(pod(), [waiting], moment)).toEqual({ actions: [], wakeAt: now + 5000 })
})

test('a healthy container is left alone', () => {
  expect(decidePod(pod(), [container(running)], moment)).toEqual({ actions: [], wakeAt: undefined })
})

test.each([
  ['Always', 0, 1, ['start']],
  ['OnFailure', 1, 1, ['start']],
  ['OnFailure', 0, 1, []],
  ['Never', 1, 1, []],
] as const)('with policy %s, exit code %i after %i crash: %j', (restartPolicy, exitCode, crashes, actions) => {
  const decision = decidePod(pod({ restartPolicy }), [exited(exitCode, crashes)], moment)
  expect(decision.actions.map(({ type }) => type)).toEqual(actions)
})

test('the third crash in a row waits 20 seconds', () => {
  expect(decidePod(pod(), [exited(1, 3)], moment)).toEqual({ actions: [], wakeAt: now + 20_000 })
})

test('a failed liveness probe stops the container with the grace of the probe', () => {
  const spec = {
    containers: [{ name: 'main', image: 'nexus-gateway', livenessProbe: { terminationGracePeriodSeconds: 3 } }],
  }
  expect(decidePod(pod(spec), [container({ ...running, failed: 'liveness' })], moment).actions).toEqual([
    { type: 'stop', container: 'main', graceSeconds: 3, because: 'liveness' },
  ])
})

test('a container is told to stop once', () => {
  expect(decidePod(pod(), [container({ ...running, failed: 'liveness', stopping: true })], moment).actions).toEqual([])
})

test('a deleted pod stops its containers with the grace of the deletion, and starts nothing', () => {
  const deleted = pod({}, { deletionTimestamp: '2026-01-01T00:01:30Z', deletionGracePeriodSeconds: 7 })
  expect(decidePod(deleted, [container(running)], moment).actions).toEqual([
    { type: 'stop', container: 'main', graceSeconds: 7, because: 'deleted' },
  ])
  expect(decidePod(deleted, [container({ ...running, stopping: true })], moment).actions).toEqual([])
  expect(decidePod(deleted, [exited(1)], moment).actions).toEqual([{ type: 'remove' }])
})

function view(name: string, role: ContainerView['role'], state: ContainerState): ContainerView {
  return { ...container(state), name, role }
}

const first = { phase: 'waiting', reason: 'PodInitializing', retryAt: 0 } as const
const ended = exited(0).state

function started(containers: readonly ContainerView[], of = pod()): string[] {
  return decidePod(of, containers, moment).actions.map((action) =>
    action.type === 'remove' ? 'remove' : `${action.type} ${action.container}`,
  )
}

test.each([
  ['the first init container alone', first, first, first, ['start one']],
  ['the sidecar when the init container has ended', ended, first, first, ['start side']],
  ['nothing while the sidecar starts', ended, { ...running, started: false }, first, []],
  ['the main container when the sidecar has started', ended, running, first, ['start main']],
  ['the sidecar that has crashed, beside the main container', ended, exited(1).state, running, ['start side']],
] as const)('starts %s', (_, one, side, main, actions) => {
  expect(started([view('one', 'init', one), view('side', 'sidecar', side), view('main', 'main', main)])).toEqual(
    actions,
  )
})

test('sidecars end after the main containers, the last one first', () => {
  const spec = pod({ restartPolicy: 'Never' })
  const sidecars = [view('a', 'sidecar', running), view('b', 'sidecar', running)]
  expect(started([...sidecars, view('main', 'main', running)], spec)).toEqual([])
  expect(started([...sidecars, view('main', 'main', ended)], spec)).toEqual(['stop b'])
  expect(
    started([view('a', 'sidecar', running), view('b', 'sidecar', ended), view('main', 'main', ended)], spec),
  ).toEqual(['stop a'])
})

test('a second deletion can shorten the grace, and not lengthen it', () => {
  const deletedWith = (deletionGracePeriodSeconds: number): Pod =>
    pod({}, { deletionTimestamp: '2026-01-01T00:01:30Z', deletionGracePeriodSeconds })
  const stopping = container({ ...running, stopping: true, graceSeconds: 30 })
  expect(decidePod(deletedWith(1), [stopping], moment).actions).toMatchObject([{ type: 'stop', graceSeconds: 1 }])
  expect(decidePod(deletedWith(30), [stopping], moment).actions).toEqual([])
  expect(decidePod(deletedWith(60), [stopping], moment).actions).toEqual([])
})

test('a container whose image has changed starts anew', () => {
  const changed = pod({ containers: [{ name: 'main', image: 'nexus-gateway:2' }] })
  expect(decidePod(changed, [container(running)], moment).actions).toEqual([
    { type: 'stop', container: 'main', graceSeconds: 30, because: 'changed' },
  ])
})

test.each([
  ['waits for its image', { phase: 'waiting', reason: 'ImagePullBackOff', retryAt: now + 300_000 } as const],
  ['crashes again and again', exited(1, 9).state],
])('a container that %s is tried at once with another image', (_, state) => {
  const changed = pod({ containers: [{ name: 'main', image: 'nexus-gateway:2' }] })
  expect(started([container(state, 9)], changed)).toEqual(['start main'])
})

test('a pod with a deadline wakes up for it', () => {
  const late = pod({ activeDeadlineSeconds: 90 })
  expect(decidePod(late, [container(running)], moment)).toEqual({ actions: [], wakeAt: now + 30_000 })
})

test.each([
  ['containers that wait for others', [first, running], [], undefined],
  ['a container whose start was put off', [first, { ...first, retryAt: now + 2000 }], [now + 5000], now + 2000],
  ['something else that is due', [running], [undefined, now + 10], now + 10],
] as const)('the next decision for %s', (_, states, others, at) => {
  expect(
    nextDecision(
      states.map((state) => container(state)),
      { now },
      others,
    ),
  ).toBe(at)
})
