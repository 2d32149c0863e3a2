import { Kinds, refTo } from '@nexus/kube'
import type { ConfigMap, KubeObject } from '@nexus/kube'
import { createNodeKubeClient } from '@nexus/kube/node'
import type { NodeKubeClient } from '@nexus/kube/node'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { accessTo, startSandboxApi } from '../testing/api-servers.ts'
import type { TestApi } from '../testing/api-servers.ts'
import { ObjectWatcher } from './object-watcher.ts'

let api: TestApi
let kube: NodeKubeClient
beforeAll(async () => {
  api = await startSandboxApi()
  kube = createNodeKubeClient(accessTo(api))
})
afterAll(async () => {
  await kube?.close()
  await api?.close()
})

const metadata = { name: 'settings', namespace: 'default' }
const watched = { kind: 'ConfigMap', ...metadata } as const

test('who follows later is told what the others were told before', async () => {
  await kube.create<ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap', metadata })
  const watcher = new ObjectWatcher(kube, () => {})
  const told: (string | undefined)[] = []
  const tell = (object: KubeObject | undefined): void => void told.push(object?.metadata.resourceVersion)
  const stops = [watcher.follow(watched, tell)]
  const patch = { type: 'merge', body: { data: { mode: 'fast' } } } as const
  const { metadata: changed } = await kube.patch(refTo(Kinds.ConfigMap, metadata), patch)
  await vi.waitFor(() => expect(told.at(-1)).toBe(changed.resourceVersion), { timeout: 15_000 })
  const toldLater: (string | undefined)[] = []
  stops.push(watcher.follow(watched, (object) => void toldLater.push(object?.metadata.resourceVersion)))
  expect(toldLater).toEqual([changed.resourceVersion])
  for (const stop of stops) stop()
})
