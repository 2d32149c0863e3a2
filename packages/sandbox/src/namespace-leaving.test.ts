import { Kinds, refTo } from '@nexus/kube'
import { createNodeKubeClient } from '@nexus/kube/node'
import type { NodeKubeClient } from '@nexus/kube/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isNamespaceLeaving } from './namespace-leaving.ts'
import { accessTo, startSandboxApi } from './node/testing/api-servers.ts'
import type { TestApi } from './node/testing/api-servers.ts'

let api: TestApi
let kube: NodeKubeClient
beforeAll(async () => {
  api = await startSandboxApi()
  kube = createNodeKubeClient(accessTo(api))
  await kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'leaving' } })
  // Without a controller that empties it, it stays as it is then.
  await kube.delete(refTo(Kinds.Namespace, { name: 'leaving' }))
})
afterAll(async () => {
  await kube.close()
  await api.close()
})

test.each([
  { what: 'a namespace on its way out', namespace: 'leaving', name: 'a', leaving: true },
  { what: 'a namespace that is gone', namespace: 'gone', name: 'a', leaving: true },
  { what: 'a name that is none', namespace: 'default', name: 'A B', leaving: false },
])('a write to $what: is the namespace leaving? $leaving', async ({ namespace, name, leaving }) => {
  const refusal: unknown = await kube
    .create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace } })
    .catch((thrown: unknown) => thrown)
  expect(refusal).toBeInstanceOf(Error)
  expect(isNamespaceLeaving(refusal)).toBe(leaving)
})
