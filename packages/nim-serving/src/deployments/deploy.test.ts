import { inspect } from 'node:util'
import { Kinds } from '@nexus/kube'
import type { Kind, KubeClient, KubeObject, ObjectMeta, PersistentVolume } from '@nexus/kube'
import { createNodeKubeClient } from '@nexus/kube/node'
import { hasControlPlane, startFaultProxy } from '@nexus/kube/testing'
import type { Fault } from '@nexus/kube/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DeployError } from '../errors.ts'
import { connectToTestCluster, freshProject } from '../testing/cluster.ts'
import type { TestCluster } from '../testing/cluster.ts'
import { TEST_KEY, testRequest } from '../testing/inputs.ts'
import { deployNIMDeployment } from './deploy.ts'
import type { DeployDeps } from './deploy.ts'
import type { ProgressEvent } from './progress.ts'
import type { DeployRequest } from './request.ts'

const PARTS: readonly Kind[] = [Kinds.Secret, Kinds.PersistentVolumeClaim, Kinds.ServingRuntime, Kinds.InferenceService]

describe.skipIf(!hasControlPlane())('deployNIMDeployment', () => {
  let cluster: TestCluster
  let kube: KubeClient

  beforeAll(async () => {
    cluster = await connectToTestCluster()
    kube = cluster.kube
  }, 60_000)

  afterAll(async () => {
    await cluster?.kube.close()
  })

  test('creates the six objects and gives the Secrets, not the PVC, to the InferenceService', async () => {
    const project = await freshProject(kube)
    const events: ProgressEvent[] = []
    const result = await deployNIMDeployment(
      testRequest({ project }),
      deps(kube, { report: (event) => events.push(event) }),
    )
    expect(result.outcome).toBe('created')
    const isvc = await kube.get({ kind: Kinds.InferenceService, name: 'llama', namespace: project })
    for (const name of ['nim-api-key-llama', 'nim-image-pull-llama']) {
      const { metadata } = await kube.get({ kind: Kinds.Secret, name, namespace: project })
      expect(metadata.ownerReferences?.map(({ uid }) => uid)).toEqual([isvc.metadata.uid])
    }
    const pvc = await kube.get({ kind: Kinds.PersistentVolumeClaim, name: 'nim-pvc-llama', namespace: project })
    expect(pvc.metadata).not.toHaveProperty('ownerReferences')
    expect(events.map(({ type }) => type)).toEqual([
      'key-checked',
      'template-read',
      'checked',
      ...Array.from({ length: 5 }, () => 'created'),
      'owned',
      'owned',
    ])
    expect(JSON.stringify([events, result])).not.toContain(TEST_KEY.slice(-12))
  })

  test('takes at most 25 requests, and a second time writes nothing', async () => {
    await using proxy = await startFaultProxy(cluster.access)
    const project = `fresh-${crypto.randomUUID().slice(0, 8)}`
    const request = testRequest({ project, createNamespace: true })
    await through(proxy.access, (client) => deployNIMDeployment(request, deps(client)))
    expect(proxy.requests.length).toBeLessThanOrEqual(25)
    const before = await namesOf(kube, project)
    const sent = proxy.requests.length
    const again = await through(proxy.access, (client) => deployNIMDeployment(request, deps(client)))
    expect(again.outcome).toBe('unchanged')
    expect(proxy.requests.slice(sent).filter(({ method }) => method !== 'GET')).toEqual([])
    expect(await namesOf(kube, project)).toEqual(before)
  })

  const faults: Fault[] = ['refused', 'lost-answer', 'reset']
  const broken = faults.flatMap((fault) => Array.from({ length: 7 }, (_, failing) => ({ fault, failing })))
  test.each(broken)('leaves nothing behind when write $failing ends with: $fault', async ({ fault, failing }) => {
    const project = await freshProject(kube)
    await using proxy = await startFaultProxy(cluster.access, { write: failing, fault })
    const attempt = through(proxy.access, (client) => deployNIMDeployment(testRequest({ project }), deps(client)))
    await expect(attempt).rejects.toMatchObject({ code: 'NEXUS_DEPLOY_FAILED' })
    expect(await namesOf(kube, project)).toEqual([])
  })

  const brokenEarly = faults.flatMap((fault) => [0, 1, 7].map((failing) => ({ fault, failing })))
  test.each(brokenEarly)(
    'takes its namespace back when write $failing ends with: $fault',
    async ({ fault, failing }) => {
      await using proxy = await startFaultProxy(cluster.access, { write: failing, fault })
      const project = `broken-${crypto.randomUUID().slice(0, 8)}`
      const request = testRequest({ project, createNamespace: true })
      const attempt = through(proxy.access, (client) => deployNIMDeployment(request, deps(client)))
      await expect(attempt).rejects.toMatchObject({ code: 'NEXUS_DEPLOY_FAILED' })
      expect(await namespaceStays(kube, project)).toBe(false)
    },
  )

  test.each(faults.map((fault) => ({ fault })))(
    'leaves no token and no ServiceAccount behind when the last write ends with: $fault',
    async ({ fault }) => {
      const project = await freshProject(kube)
      await using proxy = await startFaultProxy(cluster.access, { write: 10, fault })
      const request = testRequest({ project, auth: true })
      const attempt = through(proxy.access, (client) => deployNIMDeployment(request, deps(client)))
      await expect(attempt).rejects.toMatchObject({ code: 'NEXUS_DEPLOY_FAILED' })
      expect(await namesOf(kube, project)).toEqual([])
      for (const kind of [Kinds.Role, Kinds.RoleBinding] as const) {
        expect((await kube.list({ kind, namespace: project })).items).toEqual([])
      }
      expect((await deployNIMDeployment(request, deps(kube))).outcome).toBe('created')
      expect((await deployNIMDeployment(request, deps(kube))).outcome).toBe('unchanged')
    },
  )

  test('lets an applier label the runtime and the InferenceService', async () => {
    const project = await freshProject(kube)
    const label = <T extends KubeObject>(object: T): T => ({
      ...object,
      metadata: { ...object.metadata, labels: { ...object.metadata.labels, team: 'blue' } },
    })
    await deployNIMDeployment(
      testRequest({ project }),
      deps(kube, { applyFieldData: ({ runtime, isvc }) => ({ runtime: label(runtime), isvc: label(isvc) }) }),
    )
    for (const kind of [Kinds.ServingRuntime, Kinds.InferenceService] as const) {
      const { metadata } = await kube.get<KubeObject>({ kind, name: 'llama', namespace: project })
      expect(metadata.labels).toMatchObject({ team: 'blue', 'opendatahub.io/dashboard': 'true' })
    }
  })

  const LEFT_BY_A_CRASH = ['nim-api-key-llama', 'nim-image-pull-llama', 'nim-pvc-llama']
  const brokenAgain = faults.flatMap((fault) => [0, 1, 2, 3].map((failing) => ({ fault, failing })))
  test.each(brokenAgain)('leaves what it found when write $failing ends with: $fault', async ({ fault, failing }) => {
    const project = await freshProject(kube)
    await deployNIMDeployment(testRequest({ project }), deps(kube))
    await removeBut(kube, project, LEFT_BY_A_CRASH)
    const before = await namesOf(kube, project)
    await using proxy = await startFaultProxy(cluster.access, { write: failing, fault })
    const attempt = through(proxy.access, (client) => deployNIMDeployment(testRequest({ project }), deps(client)))
    await expect(attempt).rejects.toMatchObject({ code: 'NEXUS_DEPLOY_FAILED' })
    expect(await namesOf(kube, project)).toEqual(before)
  })

  test('completes what a crash left', async () => {
    const project = await freshProject(kube)
    await deployNIMDeployment(testRequest({ project }), deps(kube))
    await removeBut(kube, project, LEFT_BY_A_CRASH)
    const result = await deployNIMDeployment(testRequest({ project }), deps(kube))
    expect(result).toMatchObject({ outcome: 'created', reused: [{ kind: 'Secret' }, { kind: 'Secret' }, {}] })
    expect(await namesOf(kube, project)).toHaveLength(5)
    expect((await deployNIMDeployment(testRequest({ project }), deps(kube))).outcome).toBe('unchanged')
  })

  test.each<{ field: string; changes: Partial<DeployRequest> }>([
    { field: 'replicas', changes: { replicas: 2 } },
    { field: 'image', changes: { tag: '1.8.5' } },
    { field: 'requests nvidia.com/gpu', changes: { gpus: 2 } },
    { field: 'env', changes: { env: [{ name: 'A', value: '1' }] } },
    { field: 'key in nim-api-key-llama', changes: { apiKey: 'nvapi-test-another-key-9999' } },
    { field: 'storage', changes: { storage: { mode: 'new', size: '100Gi' } } },
  ])('refuses another $field and writes nothing', async ({ field, changes }) => {
    const project = await freshProject(kube)
    await deployNIMDeployment(testRequest({ project }), deps(kube))
    const before = await namesOf(kube, project)
    const refused = await deployNIMDeployment(testRequest({ project, ...changes }), deps(kube)).catch(
      (cause: unknown) => cause,
    )
    expect(refused).toMatchObject({ code: 'NEXUS_DEPLOY_DIFFERS' })
    expect(refused instanceof DeployError && refused.hint).toContain(`nexus edit llama -n ${project}`)
    expect(refused instanceof DeployError && refused.differences.map((difference) => difference.field)).toContain(field)
    expect(await namesOf(kube, project)).toEqual(before)
  })

  test('a dry run returns the objects without the key and writes nothing', async () => {
    const project = await freshProject(kube)
    const result = await deployNIMDeployment(testRequest({ project, dryRun: true }), deps(kube))
    expect(result).toMatchObject({ outcome: 'planned', checkedByServer: true, objects: { length: 5 } })
    expect(JSON.stringify(result)).not.toContain(btoa(TEST_KEY).slice(0, 20))
    expect(await namesOf(kube, project)).toEqual([])
  })

  test('a dry run for a namespace that is not there says what the server did not check', async () => {
    const request = testRequest({ project: 'not-there', createNamespace: true, dryRun: true })
    const result = await deployNIMDeployment(request, deps(kube))
    expect(result).toMatchObject({ outcome: 'planned', checkedByServer: false, objects: { length: 6 } })
    expect(await namespaceStays(kube, 'not-there')).toBe(false)
  })

  test('reuses the PVC of an earlier deployment of the name', async () => {
    const project = await freshProject(kube)
    await deployNIMDeployment(testRequest({ project }), deps(kube))
    await removeBut(kube, project, ['nim-pvc-llama'])
    const result = await deployNIMDeployment(testRequest({ project }), deps(kube))
    expect(result).toMatchObject({ outcome: 'created', reused: [{ kind: 'PersistentVolumeClaim' }] })
  })

  test('is refused for a StorageClass that nothing has, and writes nothing', async () => {
    const project = await freshProject(kube)
    const request = testRequest({ project, storage: { mode: 'new', storageClass: 'no-such-class' } })
    await expect(deployNIMDeployment(request, deps(kube))).rejects.toMatchObject({
      code: 'NEXUS_DEPLOY_STORAGE_CLASS_NOT_FOUND',
      message: 'There is no StorageClass "no-such-class".',
    })
    expect(await namesOf(kube, project)).toEqual([])
    await kube.create(volumeOfClass('no-such-class', project))
    const result = await deployNIMDeployment(request, deps(kube))
    expect(result).toMatchObject({ outcome: 'created' })
  })

  test('is refused by the server before anything is written', async () => {
    const project = await freshProject(kube)
    const request = testRequest({ project, description: 'x'.repeat(300_000) })
    await expect(deployNIMDeployment(request, deps(kube))).rejects.toMatchObject({ code: 'NEXUS_DEPLOY_REFUSED' })
    expect(await namesOf(kube, project)).toEqual([])
  })

  test('names what is left, by command, when the cluster is gone for good', async () => {
    const project = await freshProject(kube)
    await using proxy = await startFaultProxy(cluster.access, { write: 3, fault: 'down' })
    const failed = await through(proxy.access, (client) =>
      deployNIMDeployment(testRequest({ project }), deps(client)).catch((cause: unknown) => cause),
    )
    expect(failed).toMatchObject({
      code: 'NEXUS_DEPLOY_ROLLBACK_INCOMPLETE',
      leftovers: [
        `kubectl delete servingruntime llama -n ${project} --ignore-not-found`,
        `kubectl delete persistentvolumeclaim nim-pvc-llama -n ${project}`,
        `kubectl delete secret nim-image-pull-llama -n ${project}`,
        `kubectl delete secret nim-api-key-llama -n ${project}`,
      ],
    })
    expect(inspect(failed, { depth: 9 })).not.toContain(TEST_KEY)
    expect((await deployNIMDeployment(testRequest({ project }), deps(kube))).outcome).toBe('created')
  })

  test.each([
    { what: 'an unknown namespace', request: { project: 'nowhere' }, code: 'NEXUS_DEPLOY_NAMESPACE_MISSING' },
    { what: 'no template', request: { platformNamespace: 'default' }, code: 'NEXUS_DEPLOY_TEMPLATE_MISSING' },
    {
      what: 'a PVC that is not there',
      request: { storage: { mode: 'existing' as const, pvc: 'nothing' } },
      code: 'NEXUS_DEPLOY_PVC_INCOMPATIBLE',
    },
  ])('says what is wrong: $what', async ({ request, code }) => {
    const project = await freshProject(kube)
    await expect(deployNIMDeployment(testRequest({ project, ...request }), deps(kube))).rejects.toMatchObject({ code })
    expect(await namesOf(kube, project)).toEqual([])
  })

  test('a caller that gives up leaves nothing behind', async () => {
    const project = await freshProject(kube)
    const stop = new AbortController()
    const report = (event: ProgressEvent): void => {
      if (event.type === 'created' && event.resource.kind === 'ServingRuntime') stop.abort()
    }
    const attempt = deployNIMDeployment(testRequest({ project }), deps(kube, { report, signal: stop.signal }))
    await expect(attempt).rejects.toMatchObject({ code: 'NEXUS_DEPLOY_ABORTED' })
    expect(await namesOf(kube, project)).toEqual([])
  })
})

test('a key that NVIDIA refuses ends a deploy before the cluster is asked anything', async () => {
  const kube = createNodeKubeClient({ server: 'http://127.0.0.1:9', auth: { type: 'none' } })
  const checkKey = (): Promise<{ outcome: 'invalid' }> => Promise.resolve({ outcome: 'invalid' })
  await expect(deployNIMDeployment(testRequest(), { ...deps(kube), checkKey })).rejects.toMatchObject({
    code: 'NEXUS_DEPLOY_KEY_INVALID',
  })
  await kube.close()
})

function deps(kube: KubeClient, more: Partial<DeployDeps> = {}): DeployDeps {
  return { kube, keySetBy: 'ada', checkKey: () => Promise.resolve({ outcome: 'valid' }), ...more }
}

async function through<T>(access: TestCluster['access'], call: (kube: KubeClient) => Promise<T>): Promise<T> {
  const client = createNodeKubeClient(access)
  try {
    return await call(client)
  } finally {
    await client.close()
  }
}

/** Everything of ours that is in a project and not on its way out, with its owners. */
async function namesOf(kube: KubeClient, namespace: string): Promise<string[]> {
  const lists = await Promise.all(PARTS.map((kind) => kube.list({ kind, namespace })))
  return lists
    .flatMap(({ items }): ObjectMeta[] => items.map(({ metadata }) => metadata))
    .filter(({ deletionTimestamp }) => deletionTimestamp === undefined)
    .map(({ name, ownerReferences = [] }) => `${name} ${ownerReferences.length}`)
    .sort()
}

/** Whether a namespace is there and not on its way out. */
async function namespaceStays(kube: KubeClient, name: string): Promise<boolean> {
  const { items } = await kube.list({ kind: Kinds.Namespace, fieldSelector: `metadata.name=${name}` })
  return items.some(({ metadata }) => metadata.deletionTimestamp === undefined)
}

async function removeBut(kube: KubeClient, namespace: string, kept: string[]): Promise<void> {
  for (const name of ['nim-api-key-llama', 'nim-image-pull-llama']) {
    const body = { metadata: { ownerReferences: null } }
    await kube.patch({ kind: Kinds.Secret, name, namespace }, { type: 'merge', body })
  }
  for (const kind of PARTS) {
    const { items } = await kube.list({ kind, namespace })
    for (const { metadata } of items) {
      if (!kept.includes(metadata.name)) await kube.delete({ kind, name: metadata.name, namespace })
    }
  }
}

/** An admin's volume: its class is a word that claims repeat, and no object. */
function volumeOfClass(storageClassName: string, project: string): PersistentVolume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `volume-${project}` },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName,
      hostPath: { path: '/nowhere' },
    },
  }
}
