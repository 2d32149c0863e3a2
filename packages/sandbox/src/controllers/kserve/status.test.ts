import type { Condition, Deployment, InferenceService, Pod } from '@nexus/kube'
import { expect, test } from 'vitest'
import { failedStatus, observeStatus, predictorReady } from './status.ts'
import type { InferenceServiceStatus } from './status.ts'

const first = new Date('2026-11-21T09:06:41Z')
const later = new Date('2026-11-21T09:07:26Z')

function isvc(status?: InferenceServiceStatus, annotations: Record<string, string> = {}): InferenceService {
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { name: 'llm', namespace: 'demo', annotations },
    spec: { predictor: { model: { modelFormat: { name: 'llama' }, runtime: 'llm' } } },
    ...(status && { status }),
  }
}

function deployment(...conditions: Condition[]): Deployment {
  const template = { spec: { containers: [] } }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'llm-predictor' },
    spec: { selector: {}, template },
    status: { observedGeneration: 1, conditions },
  }
}

function pod(name: string, status: Pod['status'] = {}, creationTimestamp = '2026-11-21T09:06:42Z'): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, creationTimestamp }, spec: { containers: [] }, status }
}

const unavailable: Condition = {
  type: 'Available',
  status: 'False',
  reason: 'MinimumReplicasUnavailable',
  message: 'Deployment does not have minimum availability.',
}
const available: Condition = { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'ok' }
const progressing: Condition = {
  type: 'Progressing',
  status: 'True',
  reason: 'ReplicaSetUpdated',
  message: 'on its way',
}
const progressed: Condition = { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', message: 'done' }
const timedOut: Condition = {
  type: 'Progressing',
  status: 'False',
  reason: 'ProgressDeadlineExceeded',
  message: 'too late',
}
const failure: Condition = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'quota' }

const ready: Pod['status'] = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }

function summary({ conditions = [] }: InferenceServiceStatus): string[] {
  return conditions.map(({ type, status, reason, severity }) =>
    [type, status, reason, severity].filter((part) => part !== undefined).join(' '),
  )
}

test('a new InferenceService is pending and its Deployment unknown', () => {
  const status = observeStatus(isvc(), { runtimeName: 'llm', deployment: undefined, pods: [], now: first })
  expect(summary(status)).toEqual(['IngressReady True', 'PredictorReady False', 'Ready False', 'Stopped False Info'])
  expect(status.modelStatus).toEqual({
    transitionStatus: 'InProgress',
    states: { activeModelState: '', targetModelState: 'Pending' },
    copies: { failedCopies: 0 },
  })
  expect(status.components).toEqual({ predictor: {} })
  expect(status.observedGeneration).toBeUndefined()
})

test('one that is ready is loaded, and only what changed has a new time', () => {
  const pending = observeStatus(isvc(), {
    runtimeName: 'llm',
    deployment: deployment(unavailable, progressing),
    pods: [pod('a')],
    now: first,
  })
  const status = observeStatus(isvc(pending), {
    runtimeName: 'llm',
    deployment: deployment(available, progressed),
    pods: [pod('a', ready)],
    now: later,
  })
  expect(status).toEqual({
    url: 'http://llm-demo.example.com',
    address: { url: 'http://llm-predictor.demo.svc.cluster.local' },
    components: { predictor: { url: 'http://llm-predictor-demo.example.com' } },
    conditions: [
      { type: 'IngressReady', status: 'True', lastTransitionTime: '2026-11-21T09:06:41Z' },
      {
        type: 'PredictorReady',
        status: 'True',
        reason: 'NewReplicaSetAvailable',
        message: 'done',
        lastTransitionTime: '2026-11-21T09:07:26Z',
      },
      { type: 'Ready', status: 'True', lastTransitionTime: '2026-11-21T09:07:26Z' },
      { type: 'Stopped', status: 'False', severity: 'Info', lastTransitionTime: '2026-11-21T09:06:41Z' },
    ],
    modelStatus: {
      transitionStatus: 'UpToDate',
      states: { activeModelState: 'Loaded', targetModelState: 'Loaded' },
      copies: { failedCopies: 0, totalCopies: 1 },
    },
    deploymentMode: 'Standard',
    servingRuntimeName: 'llm',
    observedGeneration: 1,
  })
})

test('a second look at the same things changes nothing', () => {
  const state = { runtimeName: 'llm', deployment: deployment(available, progressed), pods: [pod('a', ready)] }
  const once = observeStatus(isvc(), { ...state, now: first })
  const settled = observeStatus(isvc(once), { ...state, now: later })
  expect(observeStatus(isvc(settled), { ...state, now: new Date('2027-01-01T00:00:00Z') })).toEqual(settled)
})

test.each([
  ['no conditions', [], 'False '],
  ['available', [available], 'True MinimumReplicasAvailable'],
  ['still progressing', [progressing], 'Unknown ReplicaSetUpdated'],
  ['available while progressing', [available, progressing], 'True MinimumReplicasAvailable'],
  ['progressed', [available, progressed], 'True NewReplicaSetAvailable'],
  ['no longer available', [unavailable, progressed], 'False MinimumReplicasUnavailable'],
  ['too late, but available', [available, timedOut], 'False ProgressDeadlineExceeded'],
  ['pods that cannot be made', [unavailable, progressing, failure], 'False FailedCreate'],
])('PredictorReady of a Deployment with %s', (_name, conditions, expected) => {
  const { status, reason = '' } = predictorReady(conditions)
  expect(`${status} ${reason}`).toBe(expected)
})

const waitingStates = { runtimeName: 'llm', deployment: deployment(unavailable, progressing), now: first }
const crashed: NonNullable<Pod['status']> = {
  containerStatuses: [
    {
      name: 'kserve-container',
      image: 'i',
      imageID: 'i',
      ready: false,
      restartCount: 3,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 137, reason: 'OOMKilled', message: 'out of memory' } },
    },
  ],
}

test('a crashing container blocks the model, and says why', () => {
  const { modelStatus } = observeStatus(isvc(), { ...waitingStates, pods: [pod('a', crashed)] })
  expect(modelStatus?.transitionStatus).toBe('BlockedByFailedLoad')
  expect(modelStatus?.states).toEqual({ activeModelState: '', targetModelState: 'FailedToLoad' })
  expect(modelStatus?.lastFailureInfo).toEqual({ reason: 'ModelLoadFailed', message: 'out of memory', exitCode: 137 })
})

test('the newest pod speaks for the model', () => {
  const pods = [pod('old', crashed), pod('new', {}, '2026-11-21T09:07:00Z')]
  expect(observeStatus(isvc(), { ...waitingStates, pods }).modelStatus?.states?.targetModelState).toBe('Pending')
})

test('a redeployment keeps the active model while the next one fails', () => {
  const loaded = observeStatus(isvc(), {
    runtimeName: 'llm',
    deployment: deployment(available, progressed),
    pods: [pod('a', ready)],
    now: first,
  })
  const settled = observeStatus(isvc(loaded), {
    runtimeName: 'llm',
    deployment: deployment(available, progressed),
    pods: [pod('a', ready)],
    now: first,
  })
  const { modelStatus } = observeStatus(isvc(settled), { ...waitingStates, pods: [pod('b', crashed)] })
  expect(modelStatus?.states).toEqual({ activeModelState: 'Loaded', targetModelState: 'FailedToLoad' })
})

test('one that is stopped forgets everything but how it is deployed, and stays so', () => {
  const running = observeStatus(isvc(), {
    runtimeName: 'llm',
    deployment: deployment(available, progressed),
    pods: [pod('a', ready)],
    now: first,
  })
  const state = { runtimeName: 'llm', deployment: undefined, pods: [], now: later }
  const stopped = observeStatus(isvc(running, { 'serving.kserve.io/stop': 'true' }), state)
  expect(summary(stopped)).toEqual(['PredictorReady False Stopped', 'Ready False Stopped', 'Stopped True Info'])
  expect(stopped).toMatchObject({ deploymentMode: 'Standard', modelStatus: { transitionStatus: '' } })
  expect(stopped).not.toHaveProperty('url')
  const again = observeStatus(isvc(stopped, { 'serving.kserve.io/stop': 'true' }), { ...state, now: new Date() })
  expect(again).toEqual(stopped)
})

test('one whose runtime is missing waits for it, with conditions unknown', () => {
  const info = { reason: 'RuntimeNotRecognized', message: 'Waiting for runtime to become available' }
  const status = failedStatus(isvc(), { info, event: '' }, first)
  expect(summary(status)).toEqual(['IngressReady Unknown', 'PredictorReady Unknown', 'Ready Unknown'])
  expect(status.modelStatus).toEqual({
    transitionStatus: 'InvalidSpec',
    states: { activeModelState: '', targetModelState: 'FailedToLoad' },
    lastFailureInfo: info,
  })
})
