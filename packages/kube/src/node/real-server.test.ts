import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { messageOf } from '@nexus/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  isAlreadyExists,
  isConflict,
  isNotFound,
  Kinds,
  refTo,
  startInformer,
  withDryRun,
  withFieldManager,
} from '../index.ts'
import type { ConfigMap, Deployment, KubeClient, ObjectRef, Secret, UnknownObject } from '../index.ts'
import { hasControlPlane, sharedControlPlane } from '../testing/index.ts'
import { loadKubeConfig } from './kube-config.ts'
import type { KubeConfig } from './kube-config.ts'
import { createNodeKubeClient } from './node-client.ts'
import type { NodeKubeClient } from './node-client.ts'

// The contract with a real kube-apiserver.

const namespace = `contract-${crypto.randomUUID().slice(0, 8)}`

describe.skipIf(!hasControlPlane())('a real API server', () => {
  let kubeconfig: string
  let config: KubeConfig
  let kube: NodeKubeClient

  beforeAll(async () => {
    kubeconfig = await sharedControlPlane({ controllers: false })
    config = await loadKubeConfig({ path: kubeconfig })
    kube = createNodeKubeClient(config)
    await kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  }, 60_000)

  afterAll(async () => {
    await kube?.close()
  })

  test('an object is created, read, replaced and deleted', async () => {
    const secret: Secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'crud', namespace },
      stringData: { key: 'value' },
    }
    const created = await kube.create(secret)
    expect(created.data).toEqual({ key: btoa('value') })
    expect(isAlreadyExists(await failureOf(kube.create(secret)))).toBe(true)

    const replaced = await kube.replace({ ...created, data: { key: btoa('other') } })
    expect((await kube.get(refTo(Kinds.Secret, secret.metadata))).data).toEqual({ key: btoa('other') })
    expect(isConflict(await failureOf(kube.replace(created)))).toBe(true)

    const ref = refTo(Kinds.Secret, secret.metadata)
    expect(isConflict(await failureOf(kube.delete(ref, { preconditions: { uid: 'another' } })))).toBe(true)
    await kube.delete(ref, { preconditions: { uid: replaced.metadata.uid ?? '' }, propagationPolicy: 'Background' })
    expect(isNotFound(await failureOf(kube.get(ref)))).toBe(true)
  })

  test('each patch type changes what it says', async () => {
    const ref = await createConfigMap(kube, 'patched', { a: '1' })
    await kube.patch(ref, {
      type: 'json',
      operations: [
        { op: 'test', path: '/data/a', value: '1' },
        { op: 'add', path: '/data/b', value: '2' },
      ],
    })
    await kube.patch(ref, { type: 'merge', body: { data: { a: null, c: '3' } } })
    expect((await kube.get(ref)).data).toEqual({ b: '2', c: '3' })
    expect(
      await failureOf(kube.patch(ref, { type: 'json', operations: [{ op: 'test', path: '/data/b', value: 'no' }] })),
    ).toMatchObject({ status: 422 })

    const deployment = refTo(Kinds.Deployment, (await kube.create(deploymentOf('strategic'))).metadata)
    // A strategic merge adds to containers by their name; a merge patch would replace the list.
    const body = { spec: { template: { spec: { containers: [{ name: 'second', image: 'b' }] } } } }
    const patched = await kube.patch(deployment, { type: 'strategic', body })
    expect(patched.spec.template.spec.containers.map(({ name }) => name).toSorted()).toEqual(['first', 'second'])
  })

  test('the status is written by its subresource only', async () => {
    const { metadata } = await kube.create(deploymentOf('status'))
    const ref = refTo(Kinds.Deployment, metadata)
    const body = { status: { replicas: 3 } }
    expect((await kube.patch(ref, { type: 'merge', body })).status?.replicas ?? 0).toBe(0)
    expect((await kube.patch(ref, { type: 'merge', body }, { subresource: 'status' })).status?.replicas).toBe(3)
  })

  test('server-side apply names the owner of a field it conflicts with, and takes it by force', async () => {
    const object = configMapOf('applied', { a: 'one' })
    await withFieldManager(kube, 'first').apply(object)
    const second = withFieldManager(kube, 'second')
    const conflict = await failureOf(second.apply(configMapOf('applied', { a: 'two' })))
    expect(isConflict(conflict)).toBe(true)
    expect(messageOf(conflict)).toContain('conflict with "first": .data.a')
    expect((await second.apply(configMapOf('applied', { a: 'two' }), { force: true })).data).toEqual({ a: 'two' })
  })

  test('a dry run answers like a write and writes nothing', async () => {
    const dry = withDryRun(kube)
    const ref = await createConfigMap(kube, 'dry', { a: '1' })
    const created = await dry.create(configMapOf('dry-new'))
    expect(created.metadata.uid).toMatch(/.+/)
    const before = await kube.get(ref)
    expect((await dry.replace({ ...before, data: { a: '2' } })).data).toEqual({ a: '2' })
    expect((await dry.patch(ref, { type: 'merge', body: { data: { a: '3' } } })).data).toEqual({ a: '3' })
    expect((await dry.apply(configMapOf('dry', { b: '4' }), { fieldManager: 'dry' })).data).toEqual({ a: '1', b: '4' })
    await dry.delete(ref)
    expect(await kube.get(ref)).toEqual(before)
    expect(isNotFound(await failureOf(kube.get(refTo(Kinds.ConfigMap, created.metadata))))).toBe(true)
  })

  test('a list follows its pages and obeys selectors', async () => {
    const numbers = Array.from({ length: 25 }, (_, index) => index)
    await Promise.all(
      numbers.map((index) =>
        kube.create(configMapOf(`page-${index}`, {}, { page: 'yes', odd: String(index % 2 === 1) })),
      ),
    )
    const query = { kind: Kinds.ConfigMap, namespace, limit: 10 }
    const all = await kube.list({ ...query, labelSelector: 'page=yes' })
    expect(new Set(all.items.map(({ metadata }) => metadata.name))).toEqual(
      new Set(numbers.map((index) => `page-${index}`)),
    )
    expect(all.items.every(({ kind, apiVersion }) => kind === 'ConfigMap' && apiVersion === 'v1')).toBe(true)
    expect((await kube.list({ ...query, labelSelector: 'page=yes,odd!=true' })).items).toHaveLength(13)
    expect((await kube.list({ ...query, fieldSelector: 'metadata.name=page-7' })).items).toHaveLength(1)
  })

  test('a watch tells what happens, and goes on after its connection was cut', async () => {
    const proxy = await startProxy(new URL(config.server))
    const watcher = createNodeKubeClient(
      { ...config, server: `https://127.0.0.1:${proxy.port}` },
      { watch: { backoff: { baseMs: 1, maxMs: 2 } } },
    )
    const ref = refTo(Kinds.ConfigMap, { name: 'watched', namespace })
    const steps: (() => Promise<unknown>)[] = [
      () => kube.create(configMapOf('watched', { a: '1' }, { watched: 'yes' })),
      () => kube.patch(ref, { type: 'merge', body: { data: { a: '2' } } }),
      async () => {
        proxy.cut()
        await kube.delete(ref)
      },
    ]
    const seen: string[] = []
    for await (const event of watcher.watch({ kind: Kinds.ConfigMap, namespace, labelSelector: 'watched=yes' })) {
      seen.push(event.type === 'SYNCED' ? 'SYNCED' : `${event.type} ${event.object.data?.['a']}`)
      const step = steps.shift()
      if (step === undefined) break
      await step()
    }
    await watcher.close()
    await proxy.close()
    expect(seen).toEqual(['SYNCED', 'ADDED 1', 'MODIFIED 2', 'DELETED 2'])
  })

  test('an informer follows the changes', async () => {
    const ref = await createConfigMap(kube, 'informed', { a: '1' })
    const stop = new AbortController()
    const informer = startInformer(
      kube,
      { kind: Kinds.ConfigMap, namespace, fieldSelector: 'metadata.name=informed' },
      { signal: stop.signal },
    )
    await informer.synced
    expect(informer.get('informed', namespace)?.data).toEqual({ a: '1' })
    const changed = Promise.withResolvers<string>()
    informer.onChange(({ type, previous }) => changed.resolve(`${type} of ${previous?.data?.['a']}`))
    await kube.patch(ref, { type: 'merge', body: { data: { a: '2' } } })
    expect(await changed.promise).toBe('MODIFIED of 1')
    stop.abort()
    await informer.stopped
  })

  test('kinds we do not know are found by discovery', async () => {
    expect(await kube.kindOf('node.k8s.io/v1', 'RuntimeClass')).toMatchObject({
      plural: 'runtimeclasses',
      namespaced: false,
    })
    const job = await kube.create<UnknownObject>({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'job', namespace },
      spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } },
    })
    expect(job.metadata.uid).toMatch(/.+/)
  })

  test('a user without the right is told which one', async () => {
    const dev = createNodeKubeClient(await loadKubeConfig({ path: kubeconfig, context: 'dev' }))
    const error = await failureOf(dev.create(configMapOf('forbidden')))
    await dev.close()
    expect(error).toMatchObject({
      status: 403,
      reason: 'Forbidden',
      hint: `Ask your cluster admin for the right; check with \`kubectl auth can-i create configmaps -n ${namespace}\`.`,
    })
  })
})

function configMapOf(name: string, data: Record<string, string> = {}, labels?: Record<string, string>): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, ...(labels && { labels }) }, data }
}

async function createConfigMap(
  kube: KubeClient,
  name: string,
  data: Record<string, string>,
): Promise<ObjectRef<ConfigMap>> {
  return refTo(Kinds.ConfigMap, (await kube.create(configMapOf(name, data))).metadata)
}

function deploymentOf(name: string): Deployment {
  const labels = { app: name }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'first', image: 'a' }] } },
    },
  }
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
}

async function closeServer(server: Server): Promise<void> {
  await new Promise((resolve) => {
    server.close(resolve)
  })
}

/** A TCP proxy in front of the API server; `cut` breaks every connection that is open. */
async function startProxy(target: URL) {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket
        .on('error', () => {})
        .on('close', () => {
          client.destroy()
          upstream.destroy()
          sockets.delete(socket)
        })
    }
    client.pipe(upstream).pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const cut = (): void => sockets.forEach((socket) => socket.destroy())
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cut,
    async close() {
      cut()
      await closeServer(server)
    },
  }
}
