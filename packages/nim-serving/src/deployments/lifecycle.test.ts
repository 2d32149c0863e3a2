import { Kinds, ownerReferenceTo } from '@nexus/kube'
import type { InferenceService, KubeClient, Pod, Secret } from '@nexus/kube'
import { createNodeKubeClient } from '@nexus/kube/node'
import { eventually, hasControlPlane, startFaultProxy } from '@nexus/kube/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectToTestCluster, freshProject } from '../testing/cluster.ts'
import type { TestCluster } from '../testing/cluster.ts'
import { shippedTemplate, testInput, testRequest } from '../testing/inputs.ts'
import { modalDeployment, SHARED_KEY_SECRET, SHARED_PULL_SECRET, wizardDeployment } from '../testing/older-producers.ts'
import { scheduled, testPod, unschedulable } from '../testing/pods.ts'
import { deleteNIMDeployment, planNIMDeletion } from './delete.ts'
import { deployNIMDeployment } from './deploy.ts'
import { getNIMDeployment, listNIMDeployments } from './list.ts'
import { assembleNIMInferenceService, assembleNIMServingRuntime } from './resources.ts'
import { watchNIMDeployment } from './watch.ts'

describe.skipIf(!hasControlPlane())('a deployment on a real API server', () => {
  let cluster: TestCluster
  let kube: KubeClient

  beforeAll(async () => {
    cluster = await connectToTestCluster()
    kube = cluster.kube
  }, 60_000)

  afterAll(async () => {
    await cluster?.kube.close()
  })

  test('is listed with its state, and a model server that is no NIM is not', async () => {
    const project = await freshProject(kube)
    await deploy(kube, project, 'llama')
    await deploy(kube, project, 'gemma')
    await kube.create(foreignService(project))
    const listed = await listNIMDeployments(kube, { namespace: project })
    expect(listed.map(({ name, tag, state }) => [name, tag, state.phase])).toEqual([
      ['gemma', '1.8.4', 'Pending'],
      ['llama', '1.8.4', 'Pending'],
    ])
    expect(await listNIMDeployments(kube)).toEqual(expect.arrayContaining(listed))
  })

  test('is listed with four requests, however many there are', async () => {
    const project = await freshProject(kube)
    await Promise.all(['one', 'two', 'three', 'four', 'five'].map((name) => deploy(kube, project, name)))
    await using proxy = await startFaultProxy(cluster.access)
    const client = createNodeKubeClient(proxy.access)
    expect(await listNIMDeployments(client, { namespace: project })).toHaveLength(5)
    expect(proxy.requests).toHaveLength(4)
    await client.close()
  })

  test('is read with the events that explain it', async () => {
    const project = await freshProject(kube)
    await deploy(kube, project, 'llama')
    await patchStatus(kube, project, { conditions: [{ type: 'Ready', status: 'False' }] })
    await kube.create({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'quota', namespace: project },
      involvedObject: { kind: 'ReplicaSet', name: 'llama-predictor-1', namespace: project },
      reason: 'FailedCreate',
      message: 'pods "llama-predictor-1-x" is forbidden: exceeded quota: gpus',
      type: 'Warning',
    })
    const { state, model, gpus, pvcName } = await getNIMDeployment(kube, { name: 'llama', project })
    expect({ model, gpus, pvcName }).toEqual({ model: 'llama-3.1-8b-instruct', gpus: 1, pvcName: 'nim-pvc-llama' })
    expect(state.reason).toContain('exceeded quota')
  })

  test('that does not exist is answered with the nearest names', async () => {
    const project = await freshProject(kube)
    await deploy(kube, project, 'llama')
    for (const attempt of [
      () => getNIMDeployment(kube, { name: 'lama', project }),
      () => deleteNIMDeployment({ name: 'lama', project }, { kube }),
      () => watchNIMDeployment(kube, { name: 'lama', project }).next(),
    ]) {
      await expect(attempt()).rejects.toMatchObject({
        code: 'NEXUS_DEPLOY_NOT_FOUND',
        hint: `Did you mean llama? See all: nexus list -n ${project}`,
      })
    }
  })

  test('is watched from its first state to its end', async () => {
    const project = await freshProject(kube)
    await deploy(kube, project, 'llama')
    const seen: string[] = []
    for await (const { phase } of watchNIMDeployment(kube, { name: 'llama', project })) {
      seen.push(phase)
      // Each state causes the next, so that no state is missed by being short.
      if (seen.length === 1) await createPod(kube, project)
      if (phase === 'Starting') await becomeReady(kube, project)
      if (phase === 'Ready') await deleteNIMDeployment({ name: 'llama', project }, { kube })
    }
    expect(seen).toEqual(expect.arrayContaining(['Pending', 'Starting', 'Ready']))
    expect(seen.indexOf('Starting')).toBeLessThan(seen.indexOf('Ready'))
  })

  test('is watched no longer than the caller wants', async () => {
    const project = await freshProject(kube)
    await deploy(kube, project, 'llama')
    const stop = new AbortController()
    const seen: string[] = []
    for await (const { phase } of watchNIMDeployment(kube, { name: 'llama', project }, { signal: stop.signal })) {
      seen.push(phase)
      stop.abort()
    }
    expect(seen).toEqual(['Pending'])
    for await (const { phase } of watchNIMDeployment(kube, { name: 'llama', project })) {
      expect(phase).toBe('Pending')
      break
    }
  })

  test('is deleted, and its weights stay', async () => {
    const project = await freshProject(kube)
    await deploy(kube, project, 'llama')
    const { removed, kept } = await deleteNIMDeployment({ name: 'llama', project }, { kube })
    expect(removed.map(({ kind }) => kind)).toEqual(['InferenceService', 'ServingRuntime', 'Secret', 'Secret'])
    expect(kept.map(({ name }) => name)).toEqual(['nim-pvc-llama'])
    expect(await secretsOf(kube, project)).toEqual([])
    await expect(deleteNIMDeployment({ name: 'llama', project }, { kube })).rejects.toMatchObject({
      code: 'NEXUS_DEPLOY_NOT_FOUND',
    })
    const { removed: weights } = await deleteNIMDeployment({ name: 'llama', project }, { kube }, { deletePvc: true })
    expect(weights).toEqual([{ kind: 'PersistentVolumeClaim', name: 'nim-pvc-llama', namespace: project }])
  })

  test('that is half-made is deleted', async () => {
    const project = await freshProject(kube)
    await deploy(kube, project, 'llama')
    await kube.delete({ kind: Kinds.InferenceService, name: 'llama', namespace: project })
    await deleteNIMDeployment({ name: 'llama', project }, { kube }, { deletePvc: true })
    const { items } = await kube.list({ kind: Kinds.ServingRuntime, namespace: project })
    expect([...items, ...(await secretsOf(kube, project))]).toEqual([])
  })

  test('leaves what another one uses, and the collector does not take it either', { timeout: 120_000 }, async () => {
    const project = await freshProject(kube)
    await deploy(kube, project, 'llama')
    const second = assembleNIMInferenceService(testInput({ name: 'second', project }))
    second.spec.predictor.model = { modelFormat: { name: 'llama-3.1-8b-instruct' }, runtime: 'llama' }
    await kube.create(second)
    const { removes, keeps } = await planNIMDeletion(kube, { name: 'llama', project })
    expect(removes.map(({ ref }) => `${ref.kind.kind} ${ref.name}`)).toEqual(['InferenceService llama'])
    expect(keeps.map(({ ref, because }) => `${ref.name}: ${because}`)).toEqual([
      'llama: InferenceService second uses it',
      'nim-api-key-llama: InferenceService second uses it',
      'nim-image-pull-llama: InferenceService second uses it',
      'nim-pvc-llama: InferenceService second uses it',
    ])
    // Owned by the same InferenceService and used by nobody: when it is gone, the collector has been here.
    const sign = await kube.create(
      ownedSecret(await kube.get({ kind: Kinds.InferenceService, name: 'llama', namespace: project })),
    )
    await deleteNIMDeployment({ name: 'llama', project }, { kube })
    // The collector learns of a kind defined after its start within half a minute.
    await eventually(async () => expect(await secretsOf(kube, project)).not.toContain(sign.metadata.name), 90_000)
    expect(await secretsOf(kube, project)).toEqual(['nim-api-key-llama', 'nim-image-pull-llama'])
  })

  test('of an older dashboard is listed, and its shared Secrets go with the last that uses them', async () => {
    const project = await freshProject(kube)
    const first = modalDeployment({ name: 'first', project, runtimeName: 'nim-first' })
    const last = wizardDeployment({ name: 'last', project })
    for (const { pvc, runtime, isvc } of [first, last])
      for (const object of [pvc, runtime, isvc]) await kube.create(object)
    for (const name of [SHARED_KEY_SECRET, SHARED_PULL_SECRET]) await kube.create(emptySecret(name, project))
    const listed = await listNIMDeployments(kube, { namespace: project })
    expect(listed.map(({ name, pvcName, tag }) => [name, pvcName, tag])).toEqual([
      ['first', first.pvc.metadata.name, '1.8.4'],
      ['last', 'last', '1.8.4'],
    ])
    const { kept } = await deleteNIMDeployment({ name: 'first', project }, { kube }, { deletePvc: true })
    expect(kept.map(({ name, because }) => `${name}: ${because}`)).toEqual([
      'nvidia-nim-secrets: InferenceService last uses it',
      'ngc-secret: InferenceService last uses it',
    ])
    await deleteNIMDeployment({ name: 'last', project }, { kube })
    expect(await secretsOf(kube, project)).toEqual([])
  })

  test('is deleted once, however many ask for it at the same time', async () => {
    const project = await freshProject(kube)
    await deploy(kube, project, 'llama')
    const asked = Array.from({ length: 4 }, () => deleteNIMDeployment({ name: 'llama', project }, { kube }))
    for (const result of await Promise.allSettled(asked)) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'NEXUS_DEPLOY_NOT_FOUND' })
    }
    expect(await secretsOf(kube, project)).toEqual([])
    expect((await kube.list({ kind: Kinds.ServingRuntime, namespace: project })).items).toEqual([])
    await eventually(async () =>
      expect((await kube.list({ kind: Kinds.InferenceService, namespace: project })).items).toEqual([]),
    )
  })

  test('that is no NIM is not deleted', async () => {
    const project = await freshProject(kube)
    await kube.create(foreignService(project))
    await expect(deleteNIMDeployment({ name: 'foreign', project }, { kube })).rejects.toMatchObject({
      code: 'NEXUS_DEPLOY_NOT_NIM',
    })
  })

  test.each([
    { name: 'defaults', request: {} },
    {
      name: 'a folder of an existing PVC',
      request: { storage: { mode: 'existing' as const, pvc: 'a.b', subPath: 'c' } },
    },
    { name: 'no GPU, arguments and variables', request: { gpus: 0, args: ['-v'], env: [{ name: 'A', value: '1' }] } },
  ])('is assembled so that the real CRDs drop nothing: $name', async ({ request }) => {
    const project = await freshProject(kube)
    const input = testInput({ project, ...request })
    for (const object of [assembleNIMServingRuntime(input, shippedTemplate()), assembleNIMInferenceService(input)]) {
      const answer = await kube.create(object, { dryRun: 'All' })
      expect(answer).toMatchObject(object)
    }
  })
})

async function deploy(kube: KubeClient, project: string, name: string): Promise<void> {
  const deps = { kube, keySetBy: 'ada', checkKey: () => Promise.resolve({ outcome: 'valid' as const }) }
  await deployNIMDeployment(testRequest({ project, name }), deps)
}

/** An InferenceService whose runtime is no NIM's. */
function foreignService(namespace: string): InferenceService {
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { name: 'foreign', namespace },
    spec: { predictor: { model: { modelFormat: { name: 'sklearn' }, runtime: 'sklearn' } } },
  }
}

async function patchStatus(kube: KubeClient, namespace: string, status: InferenceService['status']): Promise<void> {
  const ref = { kind: Kinds.InferenceService, name: 'llama', namespace }
  await kube.patch(ref, { type: 'merge', body: { status } }, { subresource: 'status' })
}

/** A pod no controller owns, first without a node, then with a container that runs. */
async function createPod(kube: KubeClient, namespace: string): Promise<void> {
  const { status: _, ...pod } = testPod(unschedulable('Insufficient nvidia.com/gpu'))
  // Nobody schedules it: a scheduler would write its own words over the status below.
  const spec = { ...pod.spec, schedulerName: 'nobody' }
  const created = await kube.create<Pod>({ ...pod, metadata: { ...pod.metadata, namespace }, spec })
  const ref = { kind: Kinds.Pod, name: created.metadata.name, namespace }
  const status = scheduled({ state: RUNNING })
  await kube.patch(ref, { type: 'merge', body: { status } }, { subresource: 'status' })
}

const RUNNING = { running: { startedAt: '2026-11-21T11:48:00Z' } }

/** The pod answers, and KServe says so. */
async function becomeReady(kube: KubeClient, namespace: string): Promise<void> {
  const { name } = testPod({}).metadata
  const status = scheduled({ ready: true, started: true, state: RUNNING })
  await kube.patch({ kind: Kinds.Pod, name, namespace }, { type: 'merge', body: { status } }, { subresource: 'status' })
  await patchStatus(kube, namespace, { conditions: [{ type: 'Ready', status: 'True' }] })
}

function emptySecret(name: string, namespace: string): Secret {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace } }
}

function ownedSecret(owner: InferenceService): Secret {
  const secret = emptySecret('sign', owner.metadata.namespace ?? '')
  return { ...secret, metadata: { ...secret.metadata, ownerReferences: [ownerReferenceTo(owner)] } }
}

async function secretsOf(kube: KubeClient, namespace: string): Promise<string[]> {
  const { items } = await kube.list({ kind: Kinds.Secret, namespace })
  return items.map(({ metadata }) => metadata.name)
}
