import { Kinds } from '@nexus/kube'
import type { JsonPatchOperation, KubeClient, ServingRuntime } from '@nexus/kube'
import { hasControlPlane, startFaultProxy } from '@nexus/kube/testing'
import { createNodeKubeClient } from '@nexus/kube/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assembleNIMServingRuntime } from '../deployments/resources.ts'
import { connectToTestCluster, freshProject } from '../testing/cluster.ts'
import type { TestCluster } from '../testing/cluster.ts'
import { shippedTemplate, testInput } from '../testing/inputs.ts'
import { createServingRuntime, patchServingRuntime, updateServingRuntime } from './ServingRuntime.ts'

describe.skipIf(!hasControlPlane())('a ServingRuntime', () => {
  let cluster: TestCluster
  let kube: KubeClient

  beforeAll(async () => {
    cluster = await connectToTestCluster()
    kube = cluster.kube
  }, 60_000)

  afterAll(async () => {
    await cluster?.kube.close()
  })

  const created = async (): Promise<ServingRuntime> =>
    createServingRuntime(
      kube,
      assembleNIMServingRuntime(testInput({ project: await freshProject(kube) }), shippedTemplate()),
    )

  const touch = async ({ metadata: { namespace } }: ServingRuntime, operation: JsonPatchOperation): Promise<void> => {
    const ref = { kind: Kinds.ServingRuntime, name: 'llama', namespace }
    await kube.patch(ref, { type: 'json', operations: [operation] })
  }

  const annotated = (runtime: ServingRuntime, annotations: Record<string, string>): ServingRuntime => ({
    ...runtime,
    metadata: { ...runtime.metadata, annotations: { ...runtime.metadata.annotations, ...annotations } },
  })

  test.each([
    { how: 'patched', save: patchServingRuntime },
    { how: 'updated', save: updateServingRuntime },
  ])('that does not change is not $how', async ({ save }) => {
    await using proxy = await startFaultProxy(cluster.access)
    const client = createNodeKubeClient(proxy.access)
    const before = await created()
    expect(await save(client, { before, after: structuredClone(before) })).toBe(before)
    expect(proxy.requests).toEqual([])
    await client.close()
  })

  test.each([
    { how: 'patched', save: patchServingRuntime },
    { how: 'updated', save: updateServingRuntime },
  ])('is $how to what is wanted: values changed, added and gone, lists whole', async ({ save }) => {
    const before = await created()
    const { annotations: _, ...spec } = before.spec
    const after = annotated(
      { ...before, spec: { ...spec, multiModel: true, volumes: (spec.volumes ?? []).slice(0, 3) } },
      { 'openshift.io/display-name': 'Other', 'a/b': '1' },
    )
    const { spec: saved, metadata } = await save(kube, { before, after })
    expect(saved).toEqual(after.spec)
    expect(metadata.annotations).toEqual(after.metadata.annotations)
  })

  test('is patched though somebody changed another field, and not where they changed the same', async () => {
    const before = await created()
    const after = annotated(before, { 'openshift.io/display-name': 'Ours' })
    await touch(before, { op: 'replace', path: '/spec/multiModel', value: true })
    const saved = await patchServingRuntime(kube, { before, after })
    expect(saved.spec.multiModel).toBe(true)
    await touch(before, { op: 'replace', path: '/metadata/annotations/openshift.io~1display-name', value: 'Theirs' })
    const again = annotated(saved, { 'openshift.io/display-name': 'Ours again' })
    await expect(patchServingRuntime(kube, { before: saved, after: again })).rejects.toMatchObject({ status: 422 })
  })

  test('is not patched by an addition where anybody wrote meanwhile, nor updated by anything', async () => {
    const before = await created()
    const after = annotated(before, { added: '1' })
    await touch(before, { op: 'replace', path: '/spec/multiModel', value: true })
    await expect(patchServingRuntime(kube, { before, after })).rejects.toMatchObject({ status: 422 })
    await expect(updateServingRuntime(kube, { before, after })).rejects.toMatchObject({ status: 409 })
  })
})
