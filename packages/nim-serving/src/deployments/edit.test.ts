import { Kinds } from '@nexus/kube'
import type { KubeClient } from '@nexus/kube'
import { createNodeKubeClient } from '@nexus/kube/node'
import { eventually, hasControlPlane, startFaultProxy } from '@nexus/kube/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectToTestCluster, freshProject } from '../testing/cluster.ts'
import type { TestCluster } from '../testing/cluster.ts'
import { testRequest } from '../testing/inputs.ts'
import { modalDeployment, wizardDeployment } from '../testing/older-producers.ts'
import { deployNIMDeployment } from './deploy.ts'
import { openNIMDeployment } from './deployUtils.ts'
import { editNIMDeployment } from './edit.ts'
import type { EditOrder } from './edit.ts'
import type { EditRequest } from './edit-request.ts'
import { extractFormData } from './extract.ts'
import type { DeployRequest } from './request.ts'
import { startNIMDeployment, stopNIMDeployment } from './start-stop.ts'

describe.skipIf(!hasControlPlane())('an edit', () => {
  let cluster: TestCluster
  let kube: KubeClient

  beforeAll(async () => {
    cluster = await connectToTestCluster()
    kube = cluster.kube
  }, 60_000)

  afterAll(async () => {
    await cluster?.kube.close()
  })

  const edit = (project: string, changes: EditRequest, more: Omit<EditOrder, 'changes'> = {}) =>
    editNIMDeployment({ name: 'llama', project }, { changes, ...more }, { kube })

  const inputsOf = async (project: string) => extractFormData(await openNIMDeployment(kube, { name: 'llama', project }))

  async function deployed(changes: Partial<DeployRequest> = {}): Promise<string> {
    const project = await freshProject(kube)
    await deployNIMDeployment(testRequest({ project, ...changes }), deployDeps(kube))
    return project
  }

  test('changes runtime and InferenceService, and nothing the second time', async () => {
    const project = await deployed()
    const changed = { tag: '1.8.5', displayName: 'Llama', args: ['--verbose'], externalRoute: true }
    const changes = { ...changed, gpus: 2 }
    expect(await edit(project, changes)).toMatchObject({ outcome: 'edited', restarts: false })
    expect(await inputsOf(project)).toMatchObject({
      ...changed,
      resources: { requests: { 'nvidia.com/gpu': '2' } },
    })
    await using proxy = await startFaultProxy(cluster.access)
    const client = createNodeKubeClient(proxy.access)
    const again = await editNIMDeployment({ name: 'llama', project }, { changes }, { kube: client })
    expect(again).toEqual({ outcome: 'unchanged', differences: [] })
    expect(proxy.requests.filter(({ method }) => method !== 'GET')).toEqual([])
    await client.close()
  })

  test.each([
    { who: 'the legacy modal', make: modalDeployment },
    { who: 'the first wizard', make: wizardDeployment },
  ])('changes one field of a deployment of $who and says whether a token is asked for', async ({ make }) => {
    const project = await freshProject(kube)
    const { runtime, isvc, pvc } = make({ name: 'llama', project })
    for (const object of [pvc, runtime, isvc]) await kube.create(object)
    const before = await openNIMDeployment(kube, { name: 'llama', project })
    await edit(project, { tag: '1.8.5', description: 'Now faster.' })
    const after = await openNIMDeployment(kube, { name: 'llama', project })
    const read = extractFormData(before)
    expect(extractFormData(after)).toEqual({ ...read, tag: '1.8.5', description: 'Now faster.' })
    expect(after.isvc.spec).toEqual(before.isvc.spec)
    expect(after.isvc.metadata.annotations).toEqual({
      ...before.isvc.metadata.annotations,
      'openshift.io/description': 'Now faster.',
      'security.opendatahub.io/enable-auth': String(read.auth),
    })
    expect(after.runtime.spec.volumes).toEqual(before.runtime.spec.volumes)
  })

  test('keeps variables that come from Secrets, and what others have added', async () => {
    const fromSecret = { name: 'HF_TOKEN', valueFrom: { secretKeyRef: { name: 'hf', key: 'token' } } }
    const project = await deployed({ env: [fromSecret, { name: 'A', value: '1' }] })
    const ref = { kind: Kinds.InferenceService, name: 'llama', namespace: project }
    await kube.patch(ref, { type: 'merge', body: { metadata: { labels: { team: 'blue' } } } })
    await edit(project, { replicas: 2, storage: { pvc: await sharedPVC(kube, project) } })
    const { isvc } = await openNIMDeployment(kube, { name: 'llama', project })
    expect(isvc.spec.predictor.model?.env).toEqual([fromSecret, { name: 'A', value: '1' }])
    expect(isvc.metadata.labels).toMatchObject({ team: 'blue', 'opendatahub.io/dashboard': 'true' })
  })

  test('sets and takes away single variables in their places', async () => {
    const project = await deployed({ env: ['A', 'B', 'C'].map((name) => ({ name, value: '1' })) })
    await edit(project, {
      setEnv: [
        { name: 'B', value: '2' },
        { name: 'D', value: '4' },
      ],
      unsetEnv: ['A'],
    })
    const { env } = await inputsOf(project)
    expect(env.map(({ name, value }) => `${name}=${value}`)).toEqual(['B=2', 'C=1', 'D=4'])
  })

  test('starts a stopped deployment, and only if it changes anything', async () => {
    const project = await deployed()
    const ref = { name: 'llama', project }
    expect(await stopNIMDeployment(ref, { kube })).toMatchObject({ outcome: 'changed' })
    expect(await stopNIMDeployment(ref, { kube })).toMatchObject({ outcome: 'unchanged' })
    expect(await edit(project, { displayName: 'llama' })).toMatchObject({ outcome: 'unchanged' })
    expect(await stopAnnotation(kube, project)).toBe('true')
    expect(await edit(project, { displayName: 'Llama' })).toMatchObject({ outcome: 'edited', restarts: true })
    expect(await stopAnnotation(kube, project)).toBe('false')
    expect(await startNIMDeployment(ref, { kube })).toMatchObject({ outcome: 'unchanged' })
  })

  test('that changes nothing but the runtime starts a stopped deployment, too', async () => {
    const project = await deployed()
    await stopNIMDeployment({ name: 'llama', project }, { kube })
    expect(await edit(project, { tag: '1.8.5' })).toMatchObject({ restarts: true })
    expect(await stopAnnotation(kube, project)).toBe('false')
  })

  test('shows all three sides where somebody else changed something meanwhile', async () => {
    const project = await deployed()
    const base = await openNIMDeployment(kube, { name: 'llama', project })
    await edit(project, { description: 'Theirs.', args: ['--theirs'] })
    const changes = { args: ['--ours'] }
    const before = await inputsOf(project)
    await expect(edit(project, changes, { base })).rejects.toMatchObject({
      code: 'NEXUS_DEPLOY_EDIT_CONFLICT',
      differences: [
        { field: 'description', base: '', live: 'Theirs.', wanted: '' },
        { field: 'args', base: '', live: '--theirs', wanted: '--ours' },
      ],
    })
    expect(await inputsOf(project)).toEqual(before)
    expect(await edit(project, changes, { base, overwrite: true })).toMatchObject({ outcome: 'edited' })
    expect(await inputsOf(project)).toMatchObject({ args: ['--ours'], description: '' })
  })

  test.each([{ overwrite: false }, { overwrite: true }])(
    'goes on where only a controller wrote meanwhile (overwrite: $overwrite)',
    async ({ overwrite }) => {
      const project = await deployed()
      const base = await openNIMDeployment(kube, { name: 'llama', project })
      const ref = { kind: Kinds.InferenceService, name: 'llama', namespace: project }
      await kube.patch(ref, { type: 'merge', body: { metadata: { annotations: { controller: 'was here' } } } })
      expect(await edit(project, { externalRoute: true }, { base, overwrite })).toMatchObject({ outcome: 'edited' })
      const { metadata } = await kube.get(ref)
      expect(metadata.annotations).toMatchObject({ controller: 'was here' })
      expect(metadata.labels).toMatchObject({ 'networking.kserve.io/visibility': 'exposed' })
    },
  )

  test('a dry run says what would change and changes nothing', async () => {
    const project = await deployed()
    const before = await openNIMDeployment(kube, { name: 'llama', project })
    expect(await edit(project, { tag: '1.8.5', replicas: 1 }, { dryRun: true })).toEqual({
      outcome: 'planned',
      restarts: false,
      differences: [
        expect.objectContaining({ field: 'image', wanted: 'nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.5' }),
      ],
    })
    expect(await openNIMDeployment(kube, { name: 'llama', project })).toEqual(before)
  })

  test('what the server refuses is refused before anything is written', async () => {
    const project = await deployed()
    const before = await openNIMDeployment(kube, { name: 'llama', project })
    const changes = { tag: '1.8.5', description: 'x'.repeat(300_000) }
    await expect(edit(project, changes)).rejects.toMatchObject({ code: 'NEXUS_DEPLOY_REFUSED' })
    expect(await openNIMDeployment(kube, { name: 'llama', project })).toEqual(before)
  })

  test('makes tokens for callers, changes them, and takes them away again', async () => {
    const project = await deployed()
    const objects = (): Promise<string[]> => tokenAuthObjects(kube, project)
    await edit(project, { auth: true, tokens: ['My App', 'other'] })
    expect(await objects()).toEqual([
      'ServiceAccount llama-sa llama',
      'Role llama-view-role llama',
      'RoleBinding llama-view llama',
      'Secret my-app-llama-sa llama',
      'Secret other-llama-sa llama',
    ])
    expect(await inputsOf(project)).toMatchObject({ auth: true, tokens: ['My App', 'other'] })
    expect(await edit(project, { tokens: ['other'] })).toMatchObject({ outcome: 'edited' })
    expect(await objects()).not.toContain('Secret my-app-llama-sa llama')
    await edit(project, { auth: false })
    expect(await objects()).toEqual([])
  })

  test('does not touch a runtime that another deployment shares', async () => {
    const project = await deployed()
    const { isvc } = await openNIMDeployment(kube, { name: 'llama', project })
    await kube.create({ ...isvc, metadata: { name: 'second', namespace: project } })
    await expect(edit(project, { tag: '1.8.5' })).rejects.toMatchObject({ code: 'NEXUS_DEPLOY_EDIT_SHARED' })
    expect(await edit(project, { replicas: 1, args: ['-v'] })).toMatchObject({ outcome: 'edited' })
  })

  test('lets an applier label what is saved', async () => {
    const project = await deployed()
    const result = await editNIMDeployment(
      { name: 'llama', project },
      { changes: {} },
      {
        kube,
        applyFieldData: ({ runtime, isvc }) => ({
          runtime,
          isvc: {
            ...isvc,
            metadata: { ...isvc.metadata, name: 'stolen', labels: { ...isvc.metadata.labels, a: 'b' } },
          },
        }),
      },
    )
    expect(result.outcome).toBe('edited')
    const { isvc } = await openNIMDeployment(kube, { name: 'llama', project })
    expect(isvc.metadata.labels).toMatchObject({ a: 'b' })
  })

  describe('of the volume', () => {
    const grow = { storage: { size: '80Gi' } }

    test('grows it, marks it with the time, and does not shrink it', async () => {
      const project = await deployed({ storage: { mode: 'new', storageClass: await storageClass(kube, true) } })
      await bind(kube, project)
      const now = new Date('2026-11-21T10:00:00Z')
      const result = await editNIMDeployment({ name: 'llama', project }, { changes: grow }, { kube, now: () => now })
      expect(result).toMatchObject({ differences: [{ field: 'storage', live: '50Gi', wanted: '80Gi' }] })
      const { pvc } = await openNIMDeployment(kube, { name: 'llama', project })
      expect(pvc?.spec.resources?.requests).toEqual({ storage: '80Gi' })
      expect(pvc?.metadata.annotations).toMatchObject({
        'runtimes.opendatahub.io/force-redeploy': '2026-11-21T10:00:00.000Z',
      })
      expect(await edit(project, grow)).toMatchObject({ outcome: 'unchanged' })
      await expect(edit(project, { storage: { size: '70Gi' } })).rejects.toMatchObject({
        code: 'NEXUS_DEPLOY_PVC_RESIZE',
        message: 'PVC "nim-pvc-llama" has 80Gi and cannot shrink to 70Gi.',
      })
    })

    test('says that a StorageClass does not allow it', async () => {
      const project = await deployed({ storage: { mode: 'new', storageClass: await storageClass(kube, false) } })
      await bind(kube, project)
      await expect(edit(project, grow)).rejects.toThrow('does not allow it')
    })

    test('wants one that is there and that several nodes can mount', async () => {
      const project = await deployed()
      await expect(edit(project, { storage: { pvc: 'nothing' } })).rejects.toMatchObject({
        code: 'NEXUS_DEPLOY_PVC_INCOMPATIBLE',
      })
      await expect(edit(project, { replicas: 2 })).rejects.toThrow('access mode is ReadWriteOnce, wanted ReadWriteMany')
      const pvc = await sharedPVC(kube, project)
      await edit(project, { replicas: 2, storage: { pvc, subPath: '/weights/' } })
      expect(await inputsOf(project)).toMatchObject({ storage: { mode: 'existing', pvc, subPath: 'weights' } })
    })
  })

  const changes = { tag: '1.8.5', args: ['-v'], auth: true }
  const WRITES = 6 // runtime, ServiceAccount, Role, RoleBinding, token, InferenceService
  const faults = (['refused', 'lost-answer', 'reset'] as const).flatMap((fault) =>
    Array.from({ length: WRITES }, (_, write) => ({ fault, write })),
  )
  test.each(faults)('whose write $write ends with $fault is completed by the same edit', async ({ fault, write }) => {
    const project = await deployed()
    await using proxy = await startFaultProxy(cluster.access, { write, fault })
    const client = createNodeKubeClient(proxy.access)
    const broken = editNIMDeployment({ name: 'llama', project }, { changes }, { kube: client })
    await expect(broken).rejects.toThrow()
    await edit(project, changes)
    expect(await inputsOf(project)).toMatchObject({ ...changes, tokens: ['default'] })
    expect(await edit(project, changes)).toMatchObject({ outcome: 'unchanged' })
    await client.close()
  })

  const removals = (['refused', 'reset'] as const).flatMap((fault) =>
    Array.from({ length: 5 }, (_, write) => ({ fault, write })),
  )
  test.each(removals)('that ends authentication leaves nothing of it, broken at $write by $fault', async (broken) => {
    const project = await deployed({ auth: true })
    await using proxy = await startFaultProxy(cluster.access, broken)
    const client = createNodeKubeClient(proxy.access)
    const off = { changes: { auth: false } }
    await expect(editNIMDeployment({ name: 'llama', project }, off, { kube: client })).rejects.toThrow()
    await edit(project, off.changes)
    await eventually(async () => expect(await tokenAuthObjects(kube, project)).toEqual([]))
    await client.close()
  })

  test.each(['refused', 'lost-answer', 'reset'] as const)(
    'that grows the volume is completed by the same edit when a write ends with %s',
    { timeout: 60_000 },
    async (fault) => {
      const bigger = { storage: { size: '80Gi' }, description: 'more room' }
      for (const write of [0, 1]) {
        const project = await deployed({ storage: { mode: 'new', storageClass: await storageClass(kube, true) } })
        await bind(kube, project)
        await using proxy = await startFaultProxy(cluster.access, { write, fault })
        const client = createNodeKubeClient(proxy.access)
        const broken = editNIMDeployment({ name: 'llama', project }, { changes: bigger }, { kube: client })
        await expect(broken).rejects.toThrow()
        await edit(project, bigger)
        const { pvc, isvc } = await openNIMDeployment(kube, { name: 'llama', project })
        expect(pvc?.spec.resources?.requests).toEqual({ storage: '80Gi' })
        expect(isvc.metadata.annotations).toMatchObject({ 'openshift.io/description': 'more room' })
        expect(await edit(project, bigger)).toMatchObject({ outcome: 'unchanged' })
        await client.close()
      }
    },
  )

  test('that is repeated until nothing is left writes as often as the crash points above assume', async () => {
    const project = await deployed()
    await using proxy = await startFaultProxy(cluster.access)
    const client = createNodeKubeClient(proxy.access)
    await editNIMDeployment({ name: 'llama', project }, { changes }, { kube: client })
    expect(proxy.requests.filter(({ isWrite }) => isWrite)).toHaveLength(WRITES)
    await client.close()
  })
})

function deployDeps(kube: KubeClient) {
  return { kube, keySetBy: 'ada', checkKey: () => Promise.resolve({ outcome: 'valid' as const }) }
}

async function stopAnnotation(kube: KubeClient, namespace: string): Promise<string | undefined> {
  const { metadata } = await kube.get({ kind: Kinds.InferenceService, name: 'llama', namespace })
  return metadata.annotations?.['serving.kserve.io/stop']
}

async function tokenAuthObjects(kube: KubeClient, namespace: string): Promise<string[]> {
  const kinds = [Kinds.ServiceAccount, Kinds.Role, Kinds.RoleBinding] as const
  const lists = await Promise.all(kinds.map((kind) => kube.list({ kind, namespace })))
  const secrets = await kube.list({ kind: Kinds.Secret, namespace })
  return [...lists.flatMap(({ items }) => items), ...secrets.items]
    .filter(({ metadata }) => metadata.name.endsWith('-sa') || metadata.name.includes('-view'))
    .map(({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.ownerReferences?.[0]?.name}`)
}

async function sharedPVC(kube: KubeClient, namespace: string): Promise<string> {
  const { metadata } = await kube.create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'shared', namespace },
    spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '90Gi' } } },
  })
  return metadata.name
}

async function storageClass(kube: KubeClient, allowVolumeExpansion: boolean): Promise<string> {
  const name = `class-${crypto.randomUUID().slice(0, 8)}`
  const provisioner = 'nobody.example/none'
  await kube.create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner,
    allowVolumeExpansion,
  })
  return name
}

/** What a provisioner would do: a server lets only bound PVCs grow. */
async function bind(kube: KubeClient, namespace: string): Promise<void> {
  const ref = { kind: Kinds.PersistentVolumeClaim, name: 'nim-pvc-llama', namespace }
  const { metadata, spec } = await kube.get(ref)
  const volume = `volume-${namespace}`
  await kube.create({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: volume },
    spec: {
      capacity: { storage: '50Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: spec.storageClassName,
      // With the uid the claim is looked at at once, without it the next time the controller looks at all of them.
      claimRef: { namespace, name: 'nim-pvc-llama', uid: metadata.uid },
      hostPath: { path: '/nowhere' },
    },
  })
  await eventually(async () => expect((await kube.get(ref)).status?.phase).toBe('Bound'))
}
