import type { KubeClient, UnknownObject } from '@nexus/kube'
import { hasControlPlane } from '@nexus/kube/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectToTestCluster, freshProject } from '../testing/cluster.ts'
import type { TestCluster } from '../testing/cluster.ts'
import { TEST_KEY, testRequest } from '../testing/inputs.ts'
import { modalDeployment, SHARED_KEY_SECRET, wizardDeployment } from '../testing/older-producers.ts'
import { deployNIMDeployment } from './deploy.ts'
import { describeNIMDeployment } from './details.ts'

describe.skipIf(!hasControlPlane())('details', () => {
  let cluster: TestCluster
  let kube: KubeClient

  beforeAll(async () => {
    cluster = await connectToTestCluster()
    kube = cluster.kube
  }, 60_000)

  afterAll(async () => {
    await cluster?.kube.close()
  })

  test('of a deployment name its parts and who set its key, and hold nothing of the key', async () => {
    const project = await freshProject(kube)
    const deps = { kube, keySetBy: 'ada', checkKey: () => Promise.resolve({ outcome: 'valid' as const }) }
    await deployNIMDeployment(testRequest({ project }), deps)
    const details = await describeNIMDeployment(kube, { name: 'llama', project })
    expect(details).toMatchObject({
      auth: false,
      runtimeName: 'llama',
      deployment: { endpoints: { internal: undefined, external: undefined } },
      key: { secret: 'nim-api-key-llama', shared: false, found: 'present', hint: TEST_KEY.slice(-4), setBy: 'ada' },
      pullSecrets: ['nim-image-pull-llama'],
      volume: { pvc: 'nim-pvc-llama', phase: 'Pending', size: '50Gi' },
    })
    const text = JSON.stringify(details)
    expect(text).not.toContain(TEST_KEY)
    expect(text).not.toContain(btoa(TEST_KEY))
  })

  test('of older deployments say which Secret they share and which profile they were sized by', async () => {
    const project = await freshProject(kube)
    const modal = modalDeployment({ name: 'modal', project, runtimeName: 'nim-modal' })
    const wizard = wizardDeployment({ name: 'wizard', project })
    const objects = [modal, wizard].flatMap(({ pvc, runtime, isvc }) => [pvc, runtime, isvc])
    for (const object of objects) await kube.create(object)
    const profile = { name: 'one-gpu', namespace: 'redhat-ods-applications', resourceVersion: '4711' }
    const key = { secret: SHARED_KEY_SECRET, shared: true, found: 'missing' }
    expect(await describeNIMDeployment(kube, { name: 'modal', project })).toMatchObject({
      auth: false,
      runtimeName: 'nim-modal',
      hardwareProfile: profile,
      key,
      volume: { pvc: modal.pvc.metadata.name, subPath: undefined, size: '30Gi' },
    })
    expect(await describeNIMDeployment(kube, { name: 'wizard', project })).toMatchObject({
      auth: true,
      key,
      volume: { pvc: 'wizard', subPath: 'weights' },
    })
  })

  test('hold the events about its objects and no others', async () => {
    const project = await freshProject(kube)
    const { runtime, isvc } = modalDeployment({ name: 'llama', project })
    for (const object of [runtime, isvc]) await kube.create(object)
    for (const name of ['llama-predictor-1', 'other']) await kube.create(eventAbout(name, project))
    const { events } = await describeNIMDeployment(kube, { name: 'llama', project })
    expect(events.map(({ involvedObject }) => involvedObject.name)).toEqual(['llama-predictor-1'])
  })
})

function eventAbout(name: string, namespace: string): UnknownObject {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace },
    involvedObject: { kind: 'ReplicaSet', name, namespace },
    reason: 'FailedCreate',
    message: 'no',
    type: 'Warning',
  }
}
