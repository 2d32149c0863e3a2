import type { Event, InferenceService, PersistentVolumeClaim, PodStatus } from '@nexus/kube'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { shippedTemplate, testInput } from '../testing/inputs.ts'
import { modalDeployment, wizardDeployment } from '../testing/older-producers.ts'
import { scheduled, testPod, unschedulable, waiting } from '../testing/pods.ts'
import { isNIM } from './list.ts'
import { assembleNIMInferenceService, assembleNIMServingRuntime } from './resources.ts'
import { deploymentState } from './state.ts'
import type { DeploymentState, StateInput } from './state.ts'

const now = new Date('2026-11-21T12:00:00Z')
const runtime = assembleNIMServingRuntime(testInput(), shippedTemplate())
const CONDITIONS = { conditions: [{ type: 'Ready', status: 'False' as const }] }
const READY = {
  conditions: [{ type: 'Ready', status: 'True' as const }],
  address: { url: 'http://llama-predictor.demo' },
}

function isvc(status?: InferenceService['status'], annotations: Record<string, string> = {}): InferenceService {
  const assembled = assembleNIMInferenceService(testInput())
  const metadata = { ...assembled.metadata, annotations: { ...assembled.metadata.annotations, ...annotations } }
  return { ...assembled, metadata, ...(status === undefined ? {} : { status }) }
}

function pvc(phase: 'Pending' | 'Bound' | 'Lost'): PersistentVolumeClaim {
  const metadata = { name: 'nim-pvc-llama', namespace: 'demo' }
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: {}, status: { phase } }
}

function event(reason: string, message: string, name = 'llama-predictor-1'): Event {
  return { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e' }, involvedObject: { name }, reason, message }
}

function stateOf(changes: Partial<StateInput>): DeploymentState {
  return deploymentState({ isvc: isvc(CONDITIONS), runtime, pods: [], pvc: pvc('Bound'), now, ...changes })
}

const nodes = '0/3 nodes are available: '
const running = { running: { startedAt: '2026-11-21T11:48:00Z' } }
const ended = (exitCode: number, message = '', reason = 'Error'): PodStatus =>
  scheduled({
    restartCount: 2,
    state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s restarting failed container' } },
    lastState: { terminated: { exitCode, message, reason } },
  })

test.each<{ name: string; pod: PodStatus; phase: string; reason: string; hint: string }>([
  {
    name: 'a pod nobody has placed yet',
    pod: { phase: 'Pending' },
    phase: 'Pending',
    reason: 'waits for a node',
    hint: 'describe pod',
  },
  {
    name: 'no free GPU',
    pod: unschedulable(`${nodes}3 Insufficient nvidia.com/gpu.`),
    phase: 'Pending',
    reason: 'free GPUs',
    hint: 'nvidia.com/gpu',
  },
  {
    name: 'no memory',
    pod: unschedulable(`${nodes}3 Insufficient memory.`),
    phase: 'Pending',
    reason: 'CPU or memory',
    hint: 'describe nodes',
  },
  {
    name: 'a taint',
    pod: unschedulable(`${nodes}3 node(s) had untolerated taint {nvidia.com/gpu: true}.`),
    phase: 'Pending',
    reason: 'No node admits',
    hint: 'describe nodes',
  },
  {
    name: 'a missing PVC',
    pod: unschedulable('persistentvolumeclaim "nim-pvc-llama" not found'),
    phase: 'Failed',
    reason: '"nim-pvc-llama" does not exist',
    hint: 'get pvc',
  },
  {
    name: 'an image on its way',
    pod: waiting('ContainerCreating'),
    phase: 'Pulling',
    reason: 'llama-3.1-8b-instruct:1.8.4',
    hint: 'describe pod',
  },
  {
    name: 'a key the registry refuses',
    pod: waiting('ErrImagePull', 'failed to authorize: 401 Unauthorized'),
    phase: 'Failed',
    reason: 'does not give',
    hint: 'nexus rotate-key llama -n demo --api-key-stdin',
  },
  {
    name: 'an unknown tag',
    pod: waiting('ImagePullBackOff', 'manifest unknown'),
    phase: 'Failed',
    reason: 'The registry has no',
    hint: 'nexus edit llama -n demo --model :TAG',
  },
  {
    name: 'a registry that is down',
    pod: waiting('ImagePullBackOff', 'dial tcp: i/o timeout'),
    phase: 'Failed',
    reason: 'i/o timeout',
    hint: 'describe pod',
  },
  {
    name: 'an image of another region',
    pod: waiting('ErrImagePull', 'unexpected status 451'),
    phase: 'Failed',
    reason: 'HTTP 451',
    hint: 'nexus catalog list',
  },
  {
    name: 'a missing Secret',
    pod: waiting('CreateContainerConfigError', 'secret "nim-api-key-llama" not found'),
    phase: 'Failed',
    reason: '"nim-api-key-llama"',
    hint: 'nexus deploy',
  },
  {
    name: 'a wrong configuration',
    pod: waiting('CreateContainerError', 'no command specified'),
    phase: 'Failed',
    reason: 'no command',
    hint: 'describe pod',
  },
  {
    name: 'a key the container refuses',
    pod: ended(1, 'NGC_API_KEY is not set'),
    phase: 'Failed',
    reason: 'does not accept the key',
    hint: 'nexus rotate-key llama',
  },
  {
    name: 'weights of another region',
    pod: ended(1, 'HTTP 451 Unavailable For Legal Reasons'),
    phase: 'Failed',
    reason: 'HTTP 451',
    hint: 'nexus catalog',
  },
  {
    name: 'too little memory',
    pod: ended(137, '', 'OOMKilled'),
    phase: 'Failed',
    reason: 'ran out of memory',
    hint: 'logs',
  },
  {
    name: 'a crash',
    pod: ended(3, 'engine failed'),
    phase: 'Failed',
    reason: 'ended 3 times, last with exit code 3: engine failed',
    hint: '--previous',
  },
  {
    name: 'a model that loads',
    pod: scheduled({ state: running }),
    phase: 'Starting',
    reason: 'runs for 12 min and is downloading or loading',
    hint: 'logs -f',
  },
  {
    name: 'a model that was restarted',
    pod: scheduled({ state: running, restartCount: 1 }),
    phase: 'Starting',
    reason: 'restarted once',
    hint: 'logs -f',
  },
  {
    name: 'a server that lost its readiness',
    pod: scheduled({ state: running, started: true }),
    phase: 'Starting',
    reason: 'not ready to answer',
    hint: 'logs -f',
  },
  {
    name: 'an evicted pod',
    pod: { phase: 'Failed', reason: 'Evicted', message: 'The node was low on memory.' },
    phase: 'Failed',
    reason: 'low on memory',
    hint: 'describe pod',
  },
  {
    name: 'a pod whose node is not heard of',
    pod: {
      ...scheduled({ ready: true, started: true, state: running }),
      conditions: [
        { type: 'PodScheduled', status: 'True' },
        { type: 'Ready', status: 'False' },
      ],
    },
    phase: 'Pending',
    reason: 'node gpu-1 does not answer',
    hint: 'kubectl describe node gpu-1',
  },
])('$name is $phase', ({ pod, phase, reason, hint }) => {
  const { spec, ...rest } = testPod(pod)
  const state = stateOf({ pods: [{ ...rest, spec: { ...spec, nodeName: 'gpu-1' } }] })
  expect(state.phase).toBe(phase)
  expect(state.reason).toContain(reason)
  expect(state.hint).toContain(hint)
  expect(state.hint).toMatch(/\b(nexus|kubectl) [a-z]/)
})

test('a pull Secret that is missing is named, not the refusal that follows from it', () => {
  const pod = testPod(waiting('ImagePullBackOff', '401 Unauthorized'))
  const said = 'Unable to retrieve some image pull secrets (ngc-secret); attempting to pull the image may not succeed.'
  const events = [event('FailedToRetrieveImagePullSecret', said, pod.metadata.name)]
  expect(stateOf({ pods: [pod], events }).reason).toBe('The Secret "ngc-secret" to pull the image with does not exist.')
})

test('a volume that another node holds is named with the strategy that frees it', () => {
  const pod = testPod(waiting('ContainerCreating'))
  const said = 'Multi-Attach error for volume "pvc-1": Volume is already used by pod(s) llama-predictor-1-abcde'
  const state = stateOf({ pods: [pod], events: [event('FailedAttachVolume', said, pod.metadata.name)] })
  expect(state).toMatchObject({ phase: 'Pending', hint: 'nexus edit llama -n demo --strategy recreate' })
  expect(state.reason).toContain('still mounted on another node')
})

describe('of an older dashboard', () => {
  const demo = { name: 'granite', project: 'demo', runtimeName: 'granite-7b', pvcName: 'nim-pvc-1768000000000a1' }

  test.each([
    { producer: 'the modal', parts: modalDeployment(demo) },
    { producer: 'the wizard', parts: wizardDeployment(demo) },
  ])('a deployment of $producer is read like ours', ({ parts }) => {
    const lost = { ...parts.pvc, status: { phase: 'Lost' as const } }
    const conditions = { ...parts.isvc, status: CONDITIONS }
    const read = (changes: Partial<StateInput>): DeploymentState =>
      deploymentState({ ...parts, isvc: conditions, pods: [], now, ...changes })
    expect(isNIM(parts)).toBe(true)
    const { phase, reason } = read({ runtime: undefined })
    expect(phase).toBe('Failed')
    expect(reason).toContain('granite-7b')
    expect(read({ pvc: lost }).reason).toBe('The volume behind PVC "nim-pvc-1768000000000a1" is gone.')
    const failing = testPod(waiting('CreateContainerConfigError', 'secret "nvidia-nim-secrets" not found'))
    expect(read({ pods: [failing] }).reason).toContain('"nvidia-nim-secrets"')
    expect(read({ pods: [testPod(scheduled({ state: running }))] }).phase).toBe('Starting')
  })
})

describe('without a pod', () => {
  test.each<{ name: string; changes: Partial<StateInput>; phase: string; reason: string }>([
    { name: 'KServe has not come', changes: { isvc: isvc() }, phase: 'Pending', reason: 'KServe has not looked' },
    { name: 'pods are being created', changes: {}, phase: 'Pending', reason: 'being created' },
    {
      name: 'a quota is full',
      changes: { events: [event('FailedCreate', 'pods "x" is forbidden: exceeded quota: gpus')] },
      phase: 'Pending',
      reason: 'exceeded quota',
    },
    {
      name: 'KServe refuses the spec',
      changes: {
        isvc: isvc({
          ...CONDITIONS,
          modelStatus: { transitionStatus: 'InvalidSpec', lastFailureInfo: { message: 'no runtime' } },
        }),
      },
      phase: 'Failed',
      reason: 'no runtime',
    },
    { name: 'the runtime is gone', changes: { runtime: undefined }, phase: 'Failed', reason: 'ServingRuntime "llama"' },
    { name: 'the volume is gone', changes: { pvc: pvc('Lost') }, phase: 'Failed', reason: 'is gone' },
  ])('$name: $phase', ({ changes, phase, reason }) => {
    const state = stateOf(changes)
    expect(state.phase).toBe(phase)
    expect(state.reason).toContain(reason)
  })
})

test('a pod that waits for its volume says which', () => {
  const pods = [testPod(unschedulable('pod has unbound immediate PersistentVolumeClaims'))]
  expect(stateOf({ pods, pvc: pvc('Pending') })).toMatchObject({
    phase: 'Pending',
    reason: 'PVC "nim-pvc-llama" waits for a volume of the default storage class.',
    hint: 'kubectl describe pvc nim-pvc-llama -n demo',
  })
})

test('a passed progress deadline is no failure while the model still loads', () => {
  const conditions = [{ type: 'PredictorReady', status: 'False' as const, reason: 'ProgressDeadlineExceeded' }]
  expect(stateOf({ isvc: isvc({ conditions }), pods: [testPod(scheduled({ state: running }))] }).phase).toBe('Starting')
})

test('a ready deployment has its address', () => {
  const pods = [testPod(scheduled({ ready: true, started: true, state: running }))]
  expect(stateOf({ isvc: isvc(READY), pods })).toMatchObject({ phase: 'Ready', url: 'http://llama-predictor.demo' })
})

test('a status that no pod bears out is not believed', () => {
  const pods = [testPod(scheduled({ state: running }))]
  expect(stateOf({ isvc: isvc(READY), pods }).phase).toBe('Starting')
})

test('a status is believed though its generation is that of another object', () => {
  const started = isvc({ ...READY, observedGeneration: 1 })
  started.metadata.generation = 4
  const pods = [testPod(scheduled({ ready: true, started: true, state: running }))]
  expect(stateOf({ isvc: started, pods }).phase).toBe('Ready')
})

test('an old version that answers beside a new one that starts is redeploying', () => {
  const old = testPod(scheduled({ ready: true, state: running }), { version: '1' })
  const next = testPod(scheduled({ state: running }), { version: '2' })
  expect(stateOf({ isvc: isvc(READY), pods: [old, next] }).phase).toBe('Redeploying')
  const blocked = testPod(unschedulable('Insufficient nvidia.com/gpu'), { version: '2' })
  expect(stateOf({ isvc: isvc(READY), pods: [old, blocked] })).toMatchObject({
    phase: 'Redeploying',
    hint: 'nexus edit llama -n demo --strategy recreate',
  })
  const replica = testPod(unschedulable('Insufficient nvidia.com/gpu'), { version: '1' })
  const scaling = stateOf({ isvc: isvc(READY), pods: [old, replica] })
  expect(scaling.phase).toBe('Ready')
  expect(scaling.reason).toContain('a replica does not')
})

test('pods on their way out say nothing about a deployment', () => {
  const crashed = testPod(ended(1), { deleted: true })
  const fresh = testPod(scheduled({ state: running }))
  expect(stateOf({ pods: [crashed, fresh] }).phase).toBe('Starting')
})

test('a stopped deployment is stopped, whatever its status still says', () => {
  const state = stateOf({ isvc: isvc(READY, { 'serving.kserve.io/stop': 'true' }) })
  expect(state.phase).toBe('Stopped')
  expect(state.hint).toBe('nexus start llama -n demo')
})

test('a deployment on its way out is deleting', () => {
  const going = isvc(READY)
  going.metadata.deletionTimestamp = '2026-11-21T11:59:00Z'
  expect(stateOf({ isvc: going }).phase).toBe('Deleting')
  going.metadata.finalizers = ['inferenceservice.finalizers']
  expect(stateOf({ isvc: going }).reason).toContain('inferenceservice.finalizers')
})

test('every state has a reason, and only one that answers receives traffic', () => {
  const statuses = fc.constantFrom<PodStatus>(
    {},
    waiting('ContainerCreating'),
    waiting('Whatever', 'x'),
    unschedulable(''),
    ended(0),
    { phase: 'Succeeded' },
    scheduled({ state: running }),
    scheduled({ ready: true, state: running }),
  )
  fc.assert(
    fc.property(
      fc.array(statuses, { maxLength: 3 }),
      fc.boolean(),
      fc.constantFrom('Pending', 'Bound', 'Lost'),
      (list, isReady, phase) => {
        const pods = list.map((status, index) => testPod(status, { version: String(index) }))
        const state = stateOf({ isvc: isvc(isReady ? READY : CONDITIONS), pods, pvc: pvc(phase) })
        expect(state.reason).not.toBe('')
        if (state.reason !== 'It answers.') expect(state.hint).toMatch(/\b(nexus|kubectl) [a-z]/)
        const isBorneOut =
          list.length === 0 || list.some(({ containerStatuses }) => containerStatuses?.[0]?.ready === true)
        expect(['Ready', 'Redeploying'].includes(state.phase)).toBe(isReady && isBorneOut)
      },
    ),
  )
})
