import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SecretText } from '@nexus/core'
import { Kinds } from '@nexus/kube'
import type { CustomResourceDefinition, Kind } from '@nexus/kube'
import { createNodeKubeClient } from '@nexus/kube/node'
import type { NodeKubeClient } from '@nexus/kube/node'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startApiServer } from '../../api/index.ts'
import { startControllers } from '../index.ts'
import type { Controllers } from '../index.ts'
import { isEstablished } from '../runtime/informers.ts'
import { waitForDeletion, waitForObject } from '../testing/waiting.ts'

const token = 'admin-token-of-a-test'
const logged: string[] = []
let dir: string
let api: Awaited<ReturnType<typeof startApiServer>>
let kube: NodeKubeClient
let controllers: Controllers

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nexus-collector-'))
  api = await startApiServer({ dir, port: 0, token })
  kube = createNodeKubeClient({
    server: api.url,
    auth: { type: 'token', token: new SecretText(token) },
    ca: api.caPem,
  })
  const log = (line: string): void => void logged.push(line)
  controllers = await startControllers({ kube, volumesDir: join(dir, 'volumes'), log, only: ['garbage-collector'] })
}, 30_000)

afterAll(async () => {
  await controllers?.close()
  await kube?.close()
  await api?.close()
  await rm(dir, { recursive: true, force: true })
})

const definition = { kind: Kinds.CustomResourceDefinition, name: 'widgets.test.nexus.dev' }
const widgets: CustomResourceDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: definition.name },
  spec: {
    group: 'test.nexus.dev',
    scope: 'Namespaced',
    names: { kind: 'Widget', plural: 'widgets' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
}
const widgetKind: Kind = { apiVersion: 'test.nexus.dev/v1', kind: 'Widget', plural: 'widgets', namespaced: true }

/** Only who follows the kind ends a foreground deletion. */
async function defineAndCollect(name: string): Promise<void> {
  await kube.create(widgets)
  await waitForObject(kube, definition, isEstablished)
  const metadata = { name, namespace: 'default' }
  const { apiVersion, kind } = widgetKind
  await kube.create({ apiVersion, kind, metadata })
  const ref = { kind: widgetKind, ...metadata }
  await kube.delete(ref, { propagationPolicy: 'Foreground' })
  await waitForDeletion(kube, ref)
}

test('a kind that was taken away and comes back is followed again', { timeout: 90_000 }, async () => {
  await defineAndCollect('first')
  await kube.delete(definition)
  await waitForDeletion(kube, definition)
  // Watches are cut; that of a kind which is not served any more cannot begin again.
  const { port } = api
  await api.close()
  api = await startApiServer({ dir, port, token })
  await vi.waitFor(() => expect(logged.join('\n')).toContain('watching widgets'), { timeout: 60_000 })
  await defineAndCollect('second')
})
