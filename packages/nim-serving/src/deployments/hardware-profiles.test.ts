import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Kinds } from '@nexus/kube'
import type { KubeClient } from '@nexus/kube'
import { eventually, hasControlPlane } from '@nexus/kube/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { HardwareProfileKind } from '../api/HardwareProfile.ts'
import type { HardwareProfile } from '../api/HardwareProfile.ts'
import { connectToTestCluster, freshProject } from '../testing/cluster.ts'
import type { TestCluster } from '../testing/cluster.ts'
import { testRequest } from '../testing/inputs.ts'
import { deployNIMDeployment } from './deploy.ts'
import { openNIMDeployment } from './deployUtils.ts'
import { editNIMDeployment } from './edit.ts'
import { extractFormData } from './extract.ts'
import { fetchHardwareProfile, listHardwareProfiles } from './hardware-profiles.ts'

const DEFINITION = new URL(
  '../../../../../shared/fixtures/crds/infrastructure.opendatahub.io_hardwareprofiles.yaml',
  import.meta.url,
)
const Definition = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
})

const SPEC: HardwareProfile['spec'] = {
  identifiers: [{ displayName: 'CPU', identifier: 'cpu', minCount: 1, defaultCount: 3 }],
  scheduling: {
    type: 'Node',
    node: { nodeSelector: { pool: 'a' }, tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }] },
  },
}

// One after the other: the cluster has the kind from the second half on.
describe.skipIf(!hasControlPlane() || !existsSync(DEFINITION))('hardware profiles', () => {
  let kube: TestCluster['kube']
  let platform: string
  let project: string

  beforeAll(async () => {
    kube = (await connectToTestCluster()).kube
    platform = await freshProject(kube)
    project = await freshProject(kube)
  }, 60_000)

  afterAll(async () => {
    const { metadata } = Definition.parse(parse(await readFile(DEFINITION, 'utf8')))
    await kube?.delete({ kind: Kinds.CustomResourceDefinition, name: metadata.name }).catch(() => {})
    await kube?.close()
  })

  const names = async (): Promise<string[]> =>
    (await listHardwareProfiles(kube, { project, platformNamespace: platform })).map(
      ({ namespace, name }) => `${namespace === platform ? 'platform' : 'project'}/${name}`,
    )

  test('are two of our own where nobody has listed any', async () => {
    expect(await names()).toEqual(['platform/nvidia-gpu', 'platform/nvidia-gpu-large'])
  })

  test('are those of a ConfigMap where the cluster has no such kind', async () => {
    await writeList(kube, platform, { small: JSON.stringify(SPEC) })
    expect(await names()).toEqual(['platform/small'])
    await expect(
      fetchHardwareProfile(kube, { name: 'smal', project, platformNamespace: platform }),
    ).rejects.toMatchObject({ code: 'NEXUS_DEPLOY_PROFILE_NOT_FOUND', hint: 'Did you mean small?' })
  })

  test.each(['{', 'identifiers: 3'])('that cannot be read are named: %j', async (text) => {
    await writeList(kube, platform, { broken: text })
    await expect(names()).rejects.toThrow('"broken" of ConfigMap')
  })

  test('are those of the cluster where it has the kind, the project first, and a deployment follows them', async () => {
    await kube.create(Definition.parse(parse(await readFile(DEFINITION, 'utf8'))))
    await eventually(() => kube.list({ kind: HardwareProfileKind }))
    await kube.create(profile(platform, 'large', SPEC))
    await kube.create(profile(project, 'own', { identifiers: SPEC.identifiers }))
    expect(await names()).toEqual(['project/own', 'platform/large'])

    const deps = { kube, keySetBy: 'ada', checkKey: () => Promise.resolve({ outcome: 'valid' as const }) }
    const request = testRequest({ project, hardwareProfile: 'own' })
    await deployNIMDeployment(request, deps)
    const ref = { name: 'llama', project }
    expect(await inputsOf(kube, project)).toMatchObject({
      resources: { requests: { cpu: '3' }, limits: { cpu: '3' } },
      hardwareProfile: { name: 'own', namespace: project },
      placement: { tolerations: [], nodeSelector: {} },
    })
    expect((await deployNIMDeployment(request, deps)).outcome).toBe('unchanged')

    await editNIMDeployment(ref, { changes: { hardwareProfile: 'large' }, platformNamespace: platform }, { kube })
    expect(await inputsOf(kube, project)).toMatchObject({
      hardwareProfile: { name: 'large', namespace: platform },
      placement: SPEC.scheduling?.node,
    })
    await editNIMDeployment(ref, { changes: { hardwareProfile: null } }, { kube })
    const { isvc } = await openNIMDeployment(kube, ref)
    expect(isvc.spec.predictor).not.toHaveProperty('tolerations')
    expect(isvc.spec.predictor).not.toHaveProperty('nodeSelector')
    expect(Object.keys(isvc.metadata.annotations ?? {}).filter((key) => key.includes('hardware'))).toEqual([])
    expect(isvc.spec.predictor.model?.resources?.requests).toEqual({ cpu: '3' })
  })
})

async function inputsOf(kube: KubeClient, project: string) {
  return extractFormData(await openNIMDeployment(kube, { name: 'llama', project }))
}

async function writeList(kube: KubeClient, namespace: string, data: Record<string, string>): Promise<void> {
  const metadata = { name: 'nexus-hardware-profiles', namespace }
  await kube.delete({ kind: Kinds.ConfigMap, ...metadata }).catch(() => {})
  await kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data })
}

function profile(namespace: string, name: string, spec: HardwareProfile['spec']): HardwareProfile {
  const { apiVersion, kind } = HardwareProfileKind
  return { apiVersion, kind, metadata: { namespace, name }, spec }
}
