import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SecretText } from '@nexus/core'
import { Kinds, refTo } from '@nexus/kube'
import type { Deployment, Kind, KubeObject, Namespace, ObjectRef, Patch, PersistentVolumeClaim, Pod } from '@nexus/kube'
import { createNodeKubeClient } from '@nexus/kube/node'
import type { NodeKubeClient } from '@nexus/kube/node'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startApiServer } from '../api/index.ts'
import { startControllers } from './index.ts'
import type { Controllers } from './index.ts'
import { comparable, definition, node, readRecorded, recordedInput, storageClass } from './testing/objects.ts'
import { waitForDeletion, waitForObject } from './testing/waiting.ts'
import { startFakeKubelet } from './testing/kubelet.ts'
import type { FakeKubelet } from './testing/kubelet.ts'

// All controllers together against the sandbox's own API server; the test plays the node.

let dir: string
let api: Awaited<ReturnType<typeof startApiServer>>
let kube: NodeKubeClient
let controllers: Controllers
let kubelet: FakeKubelet
const stopped = new AbortController()
const logged: string[] = []

const log = (line: string) => logged.push(line)

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'nexus-controllers-'))
  api = await startApiServer({ dir: join(dir, 'api'), port: 0, token: 'admintoken' })
  kube = createNodeKubeClient({
    server: api.url,
    auth: { type: 'token', token: new SecretText('admintoken') },
    ca: api.caPem,
  })
  for (const file of ['inferenceservices', 'servingruntimes']) await kube.create(definition(file))
  await kube.create(node)
  await kube.create(storageClass)
  controllers = await startControllers({ kube, volumesDir: join(dir, 'volumes'), log })
  kubelet = startFakeKubelet(kube, stopped.signal)
}, 30_000)

afterAll(async () => {
  await controllers?.close()
  stopped.abort()
  await kubelet?.stopped
  await kube?.close()
  await api?.close()
  rmSync(dir, { recursive: true, force: true })
})

function inDemo<T extends KubeObject>(kind: Kind<T>, name: string): ObjectRef<T> {
  return { kind, name, namespace: 'demo' }
}

function merge(body: object): Patch {
  return { type: 'merge', body }
}

const claim: PersistentVolumeClaim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'nim-pvc-llm', namespace: 'demo' },
  spec: {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
    storageClassName: 'nexus-local',
  },
}

test('an InferenceService becomes what KServe makes of it, and ready', async () => {
  for (const object of recordedInput()) await kube.create(object)
  await kube.create(claim)
  const isvc = await waitForObject(
    kube,
    inDemo(Kinds.InferenceService, 'llm'),
    ({ status }) => status?.modelStatus?.transitionStatus === 'UpToDate',
  )
  expect(comparable(isvc)).toEqual(comparable(readRecorded('inferenceservice.ready.yaml')))
  const deployment = await kube.get(inDemo(Kinds.Deployment, 'llm-predictor'))
  expect(comparable(deployment)).toEqual(comparable(readRecorded('predictor.deployment.yaml')))
  const service = await kube.get(inDemo(Kinds.Service, 'llm-predictor'))
  expect(comparable(service)).toEqual(comparable(readRecorded('predictor.service.yaml')))
  const { items } = await kube.list({ kind: Kinds.EndpointSlice, namespace: 'demo' })
  expect(items[0]?.endpoints[0]?.conditions).toEqual({ ready: true, serving: true, terminating: false })
})

test('nothing is written while nothing changes', async () => {
  const before = await versions()
  // Every controller looks at everything again when it starts.
  await controllers.close()
  controllers = await startControllers({ kube, volumesDir: join(dir, 'volumes'), log })
  await kube.create(configMapFor('probe'))
  await waitForObject(kube, inDemo(Kinds.ServiceAccount, 'default'), () => true)
  await kube.delete(inDemo(Kinds.ServiceAccount, 'default'))
  await waitForObject(
    kube,
    inDemo(Kinds.ServiceAccount, 'default'),
    ({ metadata }) => metadata.deletionTimestamp === undefined,
  )
  expect(await versions()).toEqual(before)
})

function configMapFor(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'demo' } }
}

async function versions(): Promise<string[]> {
  const kinds = [
    Kinds.InferenceService,
    Kinds.Deployment,
    Kinds.ReplicaSet,
    Kinds.Service,
    Kinds.Pod,
    Kinds.EndpointSlice,
  ]
  const lists = await Promise.all(kinds.map((kind: Kind) => kube.list({ kind, namespace: 'demo' })))
  return lists.flatMap(({ items }) =>
    items.map(({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.resourceVersion}`),
  )
}

test('a second pod that needs the only GPU waits, says why, and gets it when it is free', async () => {
  const gpu = { requests: { 'nvidia.com/gpu': 1 }, limits: { 'nvidia.com/gpu': 1 } }
  for (const name of ['first', 'second']) await kube.create(deploymentOf(name, { resources: gpu }))
  const first = await waitForObject(kube, inDemo(Kinds.Deployment, 'first'), isAvailable)
  const pods = await kube.list({ kind: Kinds.Pod, namespace: 'demo', labelSelector: 'app=second' })
  const waiting = await waitForObject(kube, inDemo(Kinds.Pod, pods.items[0]?.metadata.name ?? ''), isUnschedulable)
  expect(waiting.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message).toMatch(
    /^0\/1 nodes are available: 1 Insufficient nvidia\.com\/gpu\. /,
  )
  await kube.delete(refTo(Kinds.Deployment, first.metadata))
  await waitForObject(kube, inDemo(Kinds.Deployment, 'second'), isAvailable)
  await kube.delete(inDemo(Kinds.Deployment, 'second'))
})

function isAvailable({ status }: Deployment): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Available' && status === 'True') === true
}

function isUnschedulable({ status }: { status?: { conditions?: { reason?: string }[] } }): boolean {
  return status?.conditions?.some(({ reason }) => reason === 'Unschedulable') === true
}

function deploymentOf(name: string, container: object = {}, spec: Partial<Deployment['spec']> = {}): Deployment {
  const labels = { app: name }
  const containers = [{ name: 'main', image: 'image:1', ...container }]
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'demo' },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } }, ...spec },
  }
}

test.each(['RollingUpdate', 'Recreate'] as const)('a new template is rolled out by %s', async (type) => {
  const name = `rolled-${type.toLowerCase()}`
  await kube.create(deploymentOf(name, {}, { replicas: 3, strategy: { type } }))
  const isDone = ({ metadata, status }: Deployment) =>
    status?.observedGeneration === metadata.generation && status?.availableReplicas === 3 && status.replicas === 3
  await waitForObject(kube, inDemo(Kinds.Deployment, name), isDone)
  const containers = [{ name: 'main', image: 'image:2' }]
  const body = { spec: { template: { spec: { containers } } } }
  await kube.patch(inDemo(Kinds.Deployment, name), { type: 'strategic', body })
  const done = await waitForObject(
    kube,
    inDemo(Kinds.Deployment, name),
    (found) => isDone(found) && found.status?.updatedReplicas === 3,
  )
  expect(done.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2')
  const { items } = await kube.list({ kind: Kinds.Pod, namespace: 'demo', labelSelector: `app=${name}` })
  const active = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  expect(active.map(({ spec }) => spec.containers[0]?.image)).toEqual(['image:2', 'image:2', 'image:2'])
})

test('the minimum of replicas reaches the Deployment', async () => {
  await kube.patch(inDemo(Kinds.InferenceService, 'llm'), {
    type: 'merge',
    body: { spec: { predictor: { minReplicas: 2, maxReplicas: 2 } } },
  })
  await waitForObject(kube, inDemo(Kinds.Deployment, 'llm-predictor'), ({ status }) => status?.availableReplicas === 2)
})

test('a change of the runtime reaches the pods', async () => {
  const containers = [{ name: 'kserve-container', image: 'nvcr.io/nim/meta/llama-3.1-8b-instruct:1.9.0' }]
  await kube.patch(inDemo(Kinds.ServingRuntime, 'llm'), { type: 'merge', body: { spec: { containers } } })
  const deployment = await waitForObject(
    kube,
    inDemo(Kinds.Deployment, 'llm-predictor'),
    ({ spec }) => spec.template.spec.containers[0]?.image?.endsWith(':1.9.0') === true,
  )
  expect(deployment.spec.replicas).toBe(2)
})

test('a stopped InferenceService has no pods, and runs again', async () => {
  const stop = (value: string) =>
    kube.patch(inDemo(Kinds.InferenceService, 'llm'), {
      type: 'merge',
      body: { metadata: { annotations: { 'serving.kserve.io/stop': value } } },
    })
  await stop('true')
  await waitForDeletion(kube, inDemo(Kinds.Deployment, 'llm-predictor'))
  await waitForDeletion(kube, inDemo(Kinds.HorizontalPodAutoscaler, 'llm-predictor'))
  const conditionIs =
    (type: string, status: string) => (isvc: { status?: { conditions?: { type: string; status: string }[] } }) =>
      isvc.status?.conditions?.some((condition) => condition.type === type && condition.status === status) === true
  await waitForObject(kube, inDemo(Kinds.InferenceService, 'llm'), conditionIs('Stopped', 'True'))
  await stop('false')
  await waitForObject(kube, inDemo(Kinds.InferenceService, 'llm'), conditionIs('Ready', 'True'))
})

test('an InferenceService without its runtime waits for it', async () => {
  const [, runtime, isvc] = recordedInput()
  if (runtime === undefined || isvc === undefined) throw new Error('the recording has no runtime')
  await kube.create({ ...isvc, metadata: { name: 'early', namespace: 'demo' } })
  await kube.delete(inDemo(Kinds.InferenceService, 'llm'))
  await waitForDeletion(kube, inDemo(Kinds.Deployment, 'llm-predictor'))
  await kube.delete(inDemo(Kinds.ServingRuntime, 'llm'))
  await kube.delete(inDemo(Kinds.InferenceService, 'early'))
  await waitForDeletion(kube, inDemo(Kinds.InferenceService, 'early'))
  await kube.create({ ...isvc, metadata: { name: 'early', namespace: 'demo' } })
  const waiting = await waitForObject(
    kube,
    inDemo(Kinds.InferenceService, 'early'),
    ({ status }) => status?.modelStatus?.transitionStatus === 'InvalidSpec',
  )
  expect(waiting.status?.modelStatus?.lastFailureInfo?.reason).toBe('RuntimeNotRecognized')
  await kube.create(runtime)
  await waitForObject(
    kube,
    inDemo(Kinds.InferenceService, 'early'),
    ({ status }) => status?.modelStatus?.states?.activeModelState === 'Loaded',
  )
})

test('a deleted claim takes its volume and its folder along', async () => {
  const { spec } = await kube.get(inDemo(Kinds.PersistentVolumeClaim, 'nim-pvc-llm'))
  const [folder] = readdirSync(join(dir, 'volumes'))
  expect(folder).toMatch(/^demo_nim-pvc-llm_/)
  await kube.delete(inDemo(Kinds.InferenceService, 'early'))
  await waitForDeletion(kube, inDemo(Kinds.Deployment, 'early-predictor'))
  await kube.delete(inDemo(Kinds.PersistentVolumeClaim, 'nim-pvc-llm'))
  await waitForDeletion(kube, { kind: Kinds.PersistentVolume, name: spec.volumeName ?? '' })
  expect(readdirSync(join(dir, 'volumes'))).toEqual([])
})

test('a pod whose label changes is left alone and replaced, and taken back with its label', async () => {
  const labels = { app: 'adopt' }
  const containers = [{ name: 'main', image: 'example/app:1' }]
  const spec = {
    replicas: 1,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers } },
  }
  const metadata = { name: 'adopt', namespace: 'demo' }
  await kube.create<Deployment>({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec })
  await waitForObject(kube, inDemo(Kinds.Deployment, 'adopt'), isAvailable)
  const [first] = (await kube.list({ kind: Kinds.Pod, namespace: 'demo', labelSelector: 'app=adopt' })).items
  const ref = inDemo(Kinds.Pod, first?.metadata.name ?? '')
  await kube.patch(ref, merge({ metadata: { labels: { app: 'stranger' } } }))
  await waitForObject(kube, ref, (pod) => (pod.metadata.ownerReferences ?? []).length === 0)
  await waitForObject(kube, inDemo(Kinds.Deployment, 'adopt'), isAvailable)
  await kube.patch(ref, merge({ metadata: { labels: { app: 'adopt' } } }))
  await vi.waitFor(
    async () => {
      const { items } = await kube.list({ kind: Kinds.Pod, namespace: 'demo', labelSelector: 'app=adopt' })
      expect(items.filter((pod) => pod.metadata.ownerReferences?.length === 1)).toHaveLength(1)
      expect(items).toHaveLength(1)
    },
    { timeout: 30_000 },
  )
  await kube.delete(inDemo(Kinds.Deployment, 'adopt'))
})

test('a claim that grows takes its volume along', async () => {
  await kube.patch({ kind: Kinds.StorageClass, name: 'nexus-local' }, merge({ allowVolumeExpansion: true }))
  const ref = inDemo(Kinds.PersistentVolumeClaim, 'grows')
  await kube.create({ ...claim, metadata: { name: 'grows', namespace: 'demo' } })
  const bound = await waitForObject(kube, ref, ({ status }) => status?.phase === 'Bound')
  await kube.patch(ref, merge({ spec: { resources: { requests: { storage: '3Gi' } } } }))
  await waitForObject(kube, ref, ({ status }) => status?.capacity?.['storage'] === '3Gi')
  const volume = await kube.get({ kind: Kinds.PersistentVolume, name: bound.spec.volumeName ?? '' })
  expect(volume.spec.capacity).toEqual({ storage: '3Gi' })
  await expect(kube.patch(ref, merge({ spec: { resources: { requests: { storage: '2Gi' } } } }))).rejects.toThrow(
    'field can not be less than status.capacity',
  )
})

test('a claim that names the volume of another claim does not get it', async () => {
  const create = async (name: string, volumeName?: string): Promise<ObjectRef<PersistentVolumeClaim>> => {
    const spec = { ...claim.spec, ...(volumeName !== undefined && { volumeName }) }
    await kube.create({ ...claim, metadata: { name, namespace: 'demo' }, spec })
    return inDemo(Kinds.PersistentVolumeClaim, name)
  }
  const isBound = ({ status }: PersistentVolumeClaim): boolean => status?.phase === 'Bound'
  const owner = await waitForObject(kube, await create('owner'), isBound)
  const volumeName = owner.spec.volumeName ?? ''
  const second = await create('second', volumeName)
  // Claims are looked at one after the other: when this one is bound, the one before has been judged.
  await waitForObject(kube, await create('third'), isBound)
  expect((await kube.get(second)).status?.phase).toBe('Pending')
  const { spec } = await kube.get({ kind: Kinds.PersistentVolume, name: volumeName })
  expect(spec.claimRef).toMatchObject({ name: 'owner', uid: owner.metadata.uid })
})

test('a volume that waits for its first pod is made for the node of that pod', async () => {
  const metadata = { name: 'late' }
  await kube.create({ ...storageClass, metadata, volumeBindingMode: 'WaitForFirstConsumer' })
  const spec = { ...claim.spec, storageClassName: 'late' }
  await kube.create({ ...claim, metadata: { name: 'late', namespace: 'demo' }, spec })
  const volumes = [{ name: 'late', persistentVolumeClaim: { claimName: 'late' } }]
  const containers = [{ name: 'main', image: 'example/app:1' }]
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'first', namespace: 'demo' },
    spec: { containers, volumes },
  }
  expect((await kube.get(inDemo(Kinds.PersistentVolumeClaim, 'late'))).status?.phase).toBe('Pending')
  await kube.create(pod)
  const placed = await waitForObject(kube, inDemo(Kinds.Pod, 'first'), ({ status }) => status?.phase === 'Running')
  const bound = await kube.get(inDemo(Kinds.PersistentVolumeClaim, 'late'))
  expect(bound.metadata.annotations?.['volume.kubernetes.io/selected-node']).toBe(placed.spec.nodeName)
  await kube.delete(refTo(Kinds.Pod, pod.metadata))
})

test('a foreground deletion ends with the dependents, an orphaning one leaves them', async () => {
  await kube.create(deploymentOf('blocked'))
  await waitForObject(kube, inDemo(Kinds.Deployment, 'blocked'), isAvailable)
  await kube.delete(inDemo(Kinds.Deployment, 'blocked'), { propagationPolicy: 'Foreground' })
  await waitForDeletion(kube, inDemo(Kinds.Deployment, 'blocked'))
  const labelSelector = 'app=blocked'
  expect((await kube.list({ kind: Kinds.ReplicaSet, namespace: 'demo', labelSelector })).items).toEqual([])

  await kube.create(deploymentOf('orphaned'))
  await waitForObject(kube, inDemo(Kinds.Deployment, 'orphaned'), isAvailable)
  await kube.delete(inDemo(Kinds.Deployment, 'orphaned'), { propagationPolicy: 'Orphan' })
  await waitForDeletion(kube, inDemo(Kinds.Deployment, 'orphaned'))
  const left = await kube.list({ kind: Kinds.ReplicaSet, namespace: 'demo', labelSelector: 'app=orphaned' })
  expect(left.items.map(({ metadata }) => metadata.ownerReferences ?? [])).toEqual([[]])
})

test('a deleted namespace goes with everything in it', async () => {
  const ref: ObjectRef<Namespace> = { kind: Kinds.Namespace, name: 'demo' }
  await kube.delete(ref)
  await waitForDeletion(kube, ref)
  expect((await kube.list({ kind: Kinds.Pod })).items).toEqual([])
})

test('nothing went wrong on the way', () => {
  expect(logged).toEqual([])
})
