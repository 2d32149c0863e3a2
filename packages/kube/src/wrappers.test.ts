import { expect, test } from 'vitest'
import { refTo } from './client.ts'
import type { KubeClient } from './client.ts'
import { createApiClient } from './http/api-client.ts'
import type { HttpRequest, Transport } from './http/transport.ts'
import { Kinds } from './kinds/index.ts'
import type { ConfigMap } from './kinds/core.ts'
import { ownerReferenceTo } from './owner-reference.ts'
import { withDryRun } from './with-dry-run.ts'
import { withFieldManager } from './with-field-manager.ts'
import { NamespaceError, withNamespace } from './with-namespace.ts'

/** A client over a transport that answers everything with one ConfigMap, and the requests it got as `METHOD path`. */
function recordingClient(): { kube: KubeClient; requests: string[] } {
  const requests: string[] = []
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', resourceVersion: '1' }, items: [] }
  const transport: Transport = {
    server: 'test',
    call: ({ method, path }: HttpRequest) => {
      requests.push(`${method} ${path}`)
      return Promise.resolve({ status: 200, header: () => undefined, text: JSON.stringify(object) })
    },
    open: () => Promise.reject(new Error('not used')),
  }
  return { kube: createApiClient(transport), requests }
}

const x: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'demo' } }
const ref = refTo(Kinds.ConfigMap, x.metadata)

async function everyCall(kube: KubeClient): Promise<void> {
  await kube.get(ref)
  await kube.list({ kind: Kinds.ConfigMap, namespace: 'demo' })
  await kube.create(x)
  await kube.replace(x)
  await kube.patch(ref, { type: 'merge', body: {} })
  await kube.apply(x)
  await kube.delete(ref)
}

test('withDryRun marks every write and no read', async () => {
  const { kube, requests } = recordingClient()
  await everyCall(withDryRun(kube))
  const marked = requests.filter((request) => request.includes('dryRun=All')).map((request) => request.split(' ')[0])
  expect(marked).toEqual(['POST', 'PUT', 'PATCH', 'PATCH', 'DELETE'])
  expect(requests).toHaveLength(7)
})

test('withFieldManager names who writes, unless the call does', async () => {
  const { kube, requests } = recordingClient()
  const named = withFieldManager(kube, 'nexus')
  await everyCall(named)
  expect(requests.filter((request) => request.includes('fieldManager=nexus'))).toHaveLength(4)
  await named.apply(x, { fieldManager: 'other' })
  expect(requests.at(-1)).toContain('fieldManager=other')
  await named.apply(x, { fieldManager: undefined })
  expect(requests.at(-1)).toContain('fieldManager=nexus')
})

test('withNamespace fills in the namespace, and leaves cluster-scoped kinds alone', async () => {
  const { kube, requests } = recordingClient()
  const bound = withNamespace(kube, 'demo')
  await bound.get({ kind: Kinds.ConfigMap, name: 'x' })
  await bound.list({ kind: Kinds.ConfigMap })
  await bound.create({ ...x, metadata: { name: 'x' } })
  await bound.list({ kind: Kinds.Node })
  expect(requests).toEqual([
    'GET /api/v1/namespaces/demo/configmaps/x',
    'GET /api/v1/namespaces/demo/configmaps?limit=500',
    'POST /api/v1/namespaces/demo/configmaps',
    'GET /api/v1/nodes?limit=500',
  ])
})

test('withNamespace lets no call out of the namespace', async () => {
  const { kube, requests } = recordingClient()
  const bound = withNamespace(kube, 'other')
  const calls = [
    () => bound.get(ref),
    () => bound.list({ kind: Kinds.ConfigMap, namespace: 'demo' }),
    () => bound.create(x),
    () => bound.replace(x),
    () => bound.patch(ref, { type: 'merge', body: {} }),
    () => bound.apply(x),
    () => bound.delete(ref),
  ]
  for (const call of calls) await expect(call()).rejects.toThrow(NamespaceError)
  expect(() => bound.watch({ kind: Kinds.ConfigMap, namespace: 'demo' })).toThrow('is in namespace "demo"')
  expect(requests).toEqual([])
})

test('an owner is named by its uid; a controller also blocks its deletion', () => {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'rs', uid: 'u1' } }
  const reference = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: 'u1' }
  expect(ownerReferenceTo(owner)).toEqual(reference)
  expect(ownerReferenceTo(owner, { controller: true })).toEqual({
    ...reference,
    controller: true,
    blockOwnerDeletion: true,
  })
  expect(() => ownerReferenceTo(x)).toThrow('has no uid')
})
