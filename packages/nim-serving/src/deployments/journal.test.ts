import { Kinds, refTo } from '@nexus/kube'
import type { InferenceService, KubeObject, Secret } from '@nexus/kube'
import { hasControlPlane } from '@nexus/kube/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectToTestCluster, freshProject } from '../testing/cluster.ts'
import type { TestCluster } from '../testing/cluster.ts'
import { testInput } from '../testing/inputs.ts'
import { WriteJournal } from './journal.ts'
import { assembleNIMInferenceService } from './resources.ts'

describe.skipIf(!hasControlPlane())('WriteJournal', () => {
  let kube: TestCluster['kube']

  beforeAll(async () => {
    kube = (await connectToTestCluster()).kube
  }, 60_000)

  afterAll(async () => {
    await kube?.close()
  })

  test('an owner that somebody else gives a Secret meanwhile stays, also when ours is taken back', async () => {
    const namespace = await freshProject(kube)
    const found = await kube.create<Secret>(named('v1', 'Secret', namespace))
    const isvc: InferenceService = await kube.create(assembleNIMInferenceService(testInput({ project: namespace })))
    const { metadata: other } = await kube.create(named('v1', 'ConfigMap', namespace))
    const reference = { apiVersion: 'v1', kind: 'ConfigMap', name: other.name, uid: other.uid }
    const ref = refTo(Kinds.Secret, found.metadata)
    await kube.patch(ref, { type: 'merge', body: { metadata: { ownerReferences: [reference] } } })

    const journal = new WriteJournal({ kube, deployId: 'test' })
    await journal.own(found, isvc, true)
    expect(await ownersOf(ref)).toEqual([isvc.metadata.uid, other.uid])
    expect(await journal.rollBack()).toMatchObject({ leftovers: [] })
    expect(await ownersOf(ref)).toEqual([other.uid])
  })

  async function ownersOf(ref: ReturnType<typeof refTo<Secret>>): Promise<(string | undefined)[]> {
    const { metadata } = await kube.get(ref)
    return (metadata.ownerReferences ?? []).map(({ uid }) => uid)
  }

  function named(apiVersion: string, kind: string, namespace: string): KubeObject {
    return { apiVersion, kind, metadata: { name: 'mine', namespace } }
  }
})
