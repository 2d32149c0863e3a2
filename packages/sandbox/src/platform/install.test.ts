import { SecretText } from '@nexus/core'
import { Kinds, refTo } from '@nexus/kube'
import type { KubeClient } from '@nexus/kube'
import { createNodeKubeClient } from '@nexus/kube/node'
import type { NodeKubeClient } from '@nexus/kube/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accessTo, startSandboxApi } from '../node/testing/api-servers.ts'
import type { TestApi } from '../node/testing/api-servers.ts'
import { installPlatform } from './install.ts'

const gatewayKey = new SecretText('nexus-a-key-of-a-test')
const catalog = refTo(Kinds.ConfigMap, { name: 'nim-models-data', namespace: 'nexus' })

let api: TestApi
let kube: NodeKubeClient
beforeAll(async () => {
  api = await startSandboxApi()
  kube = createNodeKubeClient(accessTo(api))
  await installPlatform(kube, { gatewayKey })
})
afterAll(async () => {
  await kube.close()
  await api.close()
})

/** The same client, counting what it is asked to write. */
function countingWrites(client: KubeClient): KubeClient & { writes: string[] } {
  const writes: string[] = []
  return {
    writes,
    get: (ref) => client.get(ref),
    list: (query) => client.list(query),
    watch: (query, options) => client.watch(query, options),
    delete: (ref, options) => client.delete(ref, options),
    apply: (object, options) => client.apply(object, options),
    replace: (object, options) => client.replace(object, options),
    create: (object, options) => {
      writes.push(`create ${object.kind}`)
      return client.create(object, options)
    },
    patch: (ref, patch, options) => {
      writes.push(`patch ${ref.kind.kind} ${ref.name}`)
      return client.patch(ref, patch, options)
    },
  }
}

test('the platform is there: the catalog, the gateway with its key, the example project', async () => {
  expect(Object.keys((await kube.get(catalog)).data ?? {}).length).toBeGreaterThan(100)
  await kube.get(refTo(Kinds.Deployment, { name: 'nexus-gateway', namespace: 'nexus' }))
  await kube.get(refTo(Kinds.Namespace, { name: 'demo' }))
  const secret = await kube.get(refTo(Kinds.Secret, { name: 'nexus-gateway-secrets', namespace: 'nexus' }))
  const stored = Buffer.from(secret.data?.['GATEWAY_API_KEYS'] ?? '', 'base64').toString()
  expect(stored).toBe(gatewayKey.reveal())
})

test('what is installed already is not written again, and an edit of it stays', async () => {
  await kube.patch(catalog, { type: 'merge', body: { data: { 'my-own-model': '{}' } } })
  const counting = countingWrites(kube)
  await installPlatform(counting, { gatewayKey })
  expect(counting.writes).toEqual([])
  expect((await kube.get(catalog)).data).toHaveProperty('my-own-model')
})

test('another shipped version replaces what is there: its keys come, keys that are not shipped go', async () => {
  const shipped = (await kube.get(catalog)).data ?? {}
  const [first = ''] = Object.keys(shipped).filter((key) => key !== 'my-own-model')
  await kube.patch(catalog, {
    type: 'merge',
    body: {
      metadata: { annotations: { 'nexus.dev/manifest-digest': 'of-an-earlier-version' } },
      data: { [first]: null, 'gone-model': '{}' },
    },
  })
  const counting = countingWrites(kube)
  await installPlatform(counting, { gatewayKey })
  expect(counting.writes).toEqual(['patch ConfigMap nim-models-data'])
  const { data } = await kube.get(catalog)
  expect(data).toHaveProperty(first, shipped[first])
  expect(data).not.toHaveProperty('gone-model')
})

test('another gateway key replaces the old one', async () => {
  const other = new SecretText('nexus-another-key-of-a-test')
  await installPlatform(kube, { gatewayKey: other })
  const secret = await kube.get(refTo(Kinds.Secret, { name: 'nexus-gateway-secrets', namespace: 'nexus' }))
  expect(Buffer.from(secret.data?.['GATEWAY_API_KEYS'] ?? '', 'base64').toString()).toBe(other.reveal())
})
