import type { KubeClient, KubeObject } from '@nexus/kube'
import { hasControlPlane } from '@nexus/kube/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectToTestCluster } from '../testing/cluster.ts'
import { checkOnServer } from './check-on-server.ts'

describe.skipIf(!hasControlPlane())('checkOnServer', () => {
  let kube: KubeClient & { close(): Promise<void> }

  beforeAll(async () => {
    kube = (await connectToTestCluster()).kube
  }, 60_000)

  afterAll(async () => {
    await kube?.close()
  })

  const secret: KubeObject = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x', namespace: 'default' } }
  const elsewhere: KubeObject = { ...secret, metadata: { name: 'x', namespace: 'nowhere' } }
  const unknown: KubeObject = { ...secret, apiVersion: 'serving.kserve.io/v1beta1', kind: 'Nothing' }

  test('names all that the server would accept', async () => {
    const checked: unknown[] = []
    await checkOnServer(kube, [secret], (event) => checked.push(event))
    expect(checked).toEqual([{ type: 'checked', resources: [{ kind: 'Secret', name: 'x', namespace: 'default' }] }])
  })

  test.each([
    { what: 'a kind it does not have', objects: [secret, unknown], code: 'NEXUS_DEPLOY_KSERVE_MISSING' },
    { what: 'a namespace that went away', objects: [elsewhere], code: 'NEXUS_DEPLOY_REFUSED' },
  ])('tells why the server refuses: $what', async ({ objects, code }) => {
    await expect(checkOnServer(kube, objects, () => {})).rejects.toMatchObject({ code })
  })
})
