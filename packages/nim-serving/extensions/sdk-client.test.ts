import { isAlreadyExists, isConflict, isNotFound, KubeApiError, Kinds } from '@nexus/kube'
import type { ConfigMap, KubeClient, WatchEvent } from '@nexus/kube'
import { hasControlPlane, startFaultProxy } from '@nexus/kube/testing'
import type { FaultProxy } from '@nexus/kube/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectToTestCluster, freshProject } from '@nexus/nim-serving/testing'
import type { TestCluster } from '@nexus/nim-serving/testing'
import { createSdkKubeClient } from './sdk-client.ts'
import { toKubeApiError } from './sdk-errors.ts'
import { sdkOverFetch } from './testing/sdk-over-fetch.ts'

describe.skipIf(!hasControlPlane())('a client over the functions of a dashboard', () => {
  let cluster: TestCluster
  let proxy: FaultProxy
  let kube: KubeClient
  let namespace: string

  beforeAll(async () => {
    cluster = await connectToTestCluster()
    proxy = await startFaultProxy(cluster.access)
    const { auth } = cluster.access
    const token = auth.type === 'token' ? auth.token.reveal() : ''
    kube = createSdkKubeClient(sdkOverFetch({ server: proxy.access.server, token }))
    namespace = await freshProject(cluster.kube)
  }, 60_000)

  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]()
    await cluster?.kube.close()
  })

  const configMap = (name: string, data: Record<string, string> = {}): ConfigMap => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, labels: { of: 'test' } },
    data,
  })
  const refOf = (name: string): { kind: typeof Kinds.ConfigMap; name: string; namespace: string } => ({
    kind: Kinds.ConfigMap,
    name,
    namespace,
  })

  test('creates, reads, replaces and deletes', async () => {
    const created = await kube.create(configMap('one', { a: '1' }))
    expect(await kube.get(refOf('one'))).toMatchObject({ kind: 'ConfigMap', data: { a: '1' } })
    await kube.replace({ ...created, data: { a: '2' } })
    await expect(kube.replace({ ...created, data: { a: '3' } })).rejects.toSatisfy(isConflict)
    const { uid = '' } = created.metadata
    await expect(kube.delete(refOf('one'), { preconditions: { uid: 'another' } })).rejects.toSatisfy(isConflict)
    await kube.delete(refOf('one'), { preconditions: { uid } })
    await expect(kube.get(refOf('one'))).rejects.toSatisfy(isNotFound)
  })

  test('patches in every way the API knows, and applies', async () => {
    await kube.create(configMap('patched', { a: '1' }))
    await kube.patch(refOf('patched'), {
      type: 'json',
      operations: [
        { op: 'test', path: '/data/a', value: '1' },
        { op: 'add', path: '/data/b', value: '2' },
      ],
    })
    await kube.patch(refOf('patched'), { type: 'merge', body: { data: { a: null, c: '3' } } })
    await kube.patch(refOf('patched'), { type: 'strategic', body: { metadata: { labels: { of: 'all' } } } })
    const applied = await kube.apply(configMap('patched', { d: '4' }), { fieldManager: 'test', force: true })
    expect(applied.data).toEqual({ b: '2', c: '3', d: '4' })
    await expect(
      kube.patch(refOf('patched'), { type: 'json', operations: [{ op: 'test', path: '/data/b', value: 'x' }] }),
    ).rejects.toMatchObject({ status: 422, reason: 'Invalid' })
  })

  test('writes nothing in a dry run', async () => {
    await kube.create(configMap('dry'), { dryRun: 'All' })
    await expect(kube.get(refOf('dry'))).rejects.toSatisfy(isNotFound)
    await kube.create(configMap('kept'))
    await kube.delete(refOf('kept'), { dryRun: 'All' })
    await expect(kube.create(configMap('kept'))).rejects.toSatisfy(isAlreadyExists)
  })

  test('lists page by page, with kinds', async () => {
    for (const name of ['p1', 'p2', 'p3']) {
      const object = configMap(name)
      await kube.create({ ...object, metadata: { ...object.metadata, labels: { page: 'yes' } } })
    }
    proxy.restart()
    const query = { kind: Kinds.ConfigMap, namespace, labelSelector: 'page=yes', limit: 2 }
    const { items, resourceVersion } = await kube.list(query)
    expect(items.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'ConfigMap p1',
      'ConfigMap p2',
      'ConfigMap p3',
    ])
    expect(resourceVersion).not.toBe('')
    expect(proxy.requests).toHaveLength(2)
  })

  test('watches what is there and what changes, until the loop is left', async () => {
    const query = { kind: Kinds.ConfigMap, namespace, fieldSelector: 'metadata.name=watched' }
    await kube.create(configMap('watched', { a: '1' }))
    const seen: string[] = []
    const describeEvent = (event: WatchEvent<ConfigMap>): string =>
      event.type === 'SYNCED' ? event.type : `${event.type} ${event.object.data?.['a'] ?? ''}`
    for await (const event of kube.watch(query)) {
      seen.push(describeEvent(event))
      if (event.type === 'SYNCED') await kube.patch(refOf('watched'), { type: 'merge', body: { data: { a: '2' } } })
      if (event.type === 'MODIFIED') await kube.delete(refOf('watched'))
      if (event.type === 'DELETED') break
    }
    expect(seen).toEqual(['ADDED 1', 'SYNCED', 'MODIFIED 2', 'DELETED 2'])
  })

  test('ends with its caller', async () => {
    const stop = new AbortController()
    stop.abort(new Error('enough'))
    await expect(kube.get(refOf('one'), { signal: stop.signal })).rejects.toThrow('enough')
  })

  test('explains an answer that is lost', async () => {
    proxy.restart({ write: 0, fault: 'reset' })
    await expect(kube.create(configMap('lost'))).rejects.toMatchObject({ code: 'NEXUS_KUBE_UNREACHABLE', status: 0 })
    proxy.restart()
  })
})

test.each([
  { what: 'a status with a code', thrown: { kind: 'Status', status: 'Failure', code: 409, reason: 'Conflict' } },
  { what: 'an error with the status inside', thrown: Object.assign(new Error('x'), { code: 409 }) },
  { what: 'an error with the answer inside', thrown: Object.assign(new Error('x'), { response: { status: 409 } }) },
])('$what is read as what the server said', ({ thrown }) => {
  expect(toKubeApiError(thrown, { method: 'GET', path: '/' })).toSatisfy(
    (error: unknown) => error instanceof KubeApiError && error.status === 409 && error.reason === 'Conflict',
  )
})
