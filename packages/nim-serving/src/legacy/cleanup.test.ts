import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kinds, knownKind, refTo } from '@nexus/kube'
import type { Kind, KubeObject, RoleBinding } from '@nexus/kube'
import { createNodeKubeClient, loadKubeConfig } from '@nexus/kube/node'
import type { ClusterAccess, NodeKubeClient } from '@nexus/kube/node'
import { controlPlaneAssets, eventually, startControlPlane, startFaultProxy } from '@nexus/kube/testing'
import type { ControlPlane, Fault } from '@nexus/kube/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { oldInferenceService, oldServingRuntime, sharedSecrets } from '../testing/old-style.ts'
import { planLegacy, removeLegacy } from './cleanup.ts'
import { LegacyKinds } from './kinds.ts'
import type { LegacyStep } from './plan.ts'

const DEFINITION = new URL('../../../../../shared/fixtures/crds/nim.opendatahub.io_accounts.yaml', import.meta.url)
const assets = await controlPlaneAssets()
const definition = await readFile(DEFINITION, 'utf8').catch(() => undefined)

const Definition = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
})

// It looks at the whole cluster, so it wants one of its own.
describe.skipIf(assets === undefined || definition === undefined)('what older platforms left on a cluster', () => {
  let dir: string
  let plane: ControlPlane | undefined
  let access: ClusterAccess
  let kube: NodeKubeClient

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'nexus-legacy-'))
    plane = await startControlPlane({ assets: assets ?? '', dir, controllers: false })
    access = await loadKubeConfig({ path: plane.kubeconfig, env: {} })
    kube = createNodeKubeClient(access)
    await kube.create(looseDefinition('template.openshift.io', 'v1', 'Template', 'templates', 'Namespaced'))
    await kube.create(
      looseDefinition(
        'datasciencecluster.opendatahub.io',
        'v1',
        'DataScienceCluster',
        'datascienceclusters',
        'Cluster',
      ),
    )
    for (const name of ['odh', 'team']) await kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
    const served: Kind[] = [LegacyKinds.Template, LegacyKinds.DataScienceCluster]
    for (const kind of served) await eventually(() => kube.list({ kind }))
    await createAll(users())
  }, 60_000)

  afterAll(async () => {
    await kube?.close()
    await plane?.stop()
    await rm(dir, { recursive: true, force: true })
  })

  test('is nothing on a cluster that never had it', async () => {
    expect(await planLegacy(kube)).toEqual({ steps: [], keeps: [], dataScienceClusters: [] })
  })

  test('goes in an order in which nothing blocks, and deployments keep all they have', async () => {
    await createLegacy()
    const before = await kept()
    expect((await planLegacy(kube)).keeps.map(({ ref, because }) => `${ref.name}: ${because}`).sort()).toEqual([
      'nvidia-nim-images-data: nothing proves that it was made for an Account',
      'old-pull: ServingRuntime pulls-with-it uses it',
      'other-cm: nothing proves that it was made for an Account',
    ])
    const done: string[] = []
    await removeLegacy({ kube, report: (step) => done.push(nameOf(step)) })
    expect(done[0]).toBe('patch ValidatingWebhookConfiguration webhooks')
    expect(done.slice(1).toSorted()).toEqual([
      'delete Account old',
      'delete Account other',
      'delete ClusterRole account-viewer-role',
      'delete ClusterRole odh-account-editor-role',
      'delete ConfigMap nvidia-nim-validation-result',
      'delete ConfigMap old-cm',
      'delete CustomResourceDefinition accounts.nim.opendatahub.io',
      'delete Role nim-account-access',
      'delete RoleBinding nim-account-access-binding',
      'delete Secret nvidia-nim-access',
      'delete Template old-template',
      'patch Account old',
      'patch Secret old-pull',
    ])
    const place = (name: string): number => done.indexOf(name)
    expect(place('delete Secret nvidia-nim-access')).toBeLessThan(place('patch Account old'))
    expect(place('patch Secret old-pull')).toBeLessThan(place('delete Account old'))
    expect(place('delete Account other')).toBeLessThan(
      place('delete CustomResourceDefinition accounts.nim.opendatahub.io'),
    )
    expect(await kept()).toEqual(before)
    const pull = await kube.get({ kind: Kinds.Secret, name: 'old-pull', namespace: 'odh' })
    expect(pull.metadata.ownerReferences).toBeUndefined()
    const [webhook] =
      (await kube.get({ kind: LegacyKinds.ValidatingWebhookConfiguration, name: 'webhooks' })).webhooks ?? []
    expect(webhook?.name).toBe('other.example.com')
  })

  test('is removed once: a second time there is nothing to do', async () => {
    await createLegacy()
    await removeLegacy({ kube })
    await gone()
    expect((await removeLegacy({ kube })).steps).toEqual([])
  })

  test('a DataScienceCluster is changed when that is asked for, and not before', async () => {
    await createLegacy()
    const [patch] = (await planLegacy(kube)).dataScienceClusters
    expect(patch?.operations.at(-1)).toEqual({ op: 'remove', path: '/spec/components/kserve/nim' })
    const spec = async (): Promise<unknown> =>
      (await kube.get({ kind: LegacyKinds.DataScienceCluster, name: 'default-dsc' })).spec
    await removeLegacy({ kube })
    expect(await spec()).toEqual({ components: { kserve: { managementState: 'Managed', nim: { airGapped: false } } } })
    await removeLegacy({ kube }, { dataScienceClusters: true })
    expect(await spec()).toEqual({ components: { kserve: { managementState: 'Managed' } } })
    await gone()
  })

  test.each<{ fault: Fault; write: number }>([
    { fault: 'refused', write: 1 },
    { fault: 'down', write: 1 },
    { fault: 'lost-answer', write: 0 },
    { fault: 'reset', write: 0 },
  ])('every write may end with $fault: the same call again comes to the same end', async ({ fault, write }) => {
    await createLegacy()
    await using proxy = await startFaultProxy(access)
    const client = createNodeKubeClient(proxy.access)
    let failures = 0
    for (let left = Infinity; left > 0; left = (await planLegacy(kube)).steps.length) {
      // One write more than the last time, so that each is spoiled once.
      proxy.restart({ write, fault })
      await removeLegacy({ kube: client }).catch(() => (failures += 1))
      expect(failures).toBeLessThan(40)
    }
    await client.close()
    expect(failures).toBeGreaterThan(5)
    await gone()
    const left = await planLegacy(kube)
    expect(left.keeps.map(({ ref }) => ref.name)).toEqual(['nvidia-nim-images-data'])
  })

  /** Waits until the definition is gone, so that it can be made anew. */
  async function gone(): Promise<void> {
    const query = { kind: Kinds.CustomResourceDefinition, fieldSelector: 'metadata.name=accounts.nim.opendatahub.io' }
    await eventually(async () => expect((await kube.list(query)).items).toEqual([]))
  }

  /** Everything that is not older platforms' own. */
  async function kept(): Promise<unknown[]> {
    const kinds: Kind[] = [Kinds.ServingRuntime, Kinds.InferenceService, Kinds.PersistentVolumeClaim, Kinds.Secret]
    const lists = await Promise.all(kinds.map((kind) => kube.list({ kind, namespace: 'team' })))
    return lists.flatMap(({ items }) => items)
  }

  async function createLegacy(): Promise<void> {
    await gone()
    await kube.create(Definition.parse(parse(definition ?? '')))
    await eventually(() => kube.list({ kind: LegacyKinds.Account }))
    const old = await eventually(() => kube.create(account('old', 'nvidia-nim-access')))
    await kube.create(account('other', 'mine'))
    const body = { status: { nimPullSecret: { name: 'old-pull', namespace: 'odh' } } }
    const ref = { kind: LegacyKinds.Account, name: 'old', namespace: 'odh' }
    await kube.patch(ref, { type: 'merge', body }, { subresource: 'status' })
    await createAll(legacyObjects(old.metadata.uid ?? ''))
    // An API server calls a webhook a moment after it has accepted it.
    await eventually(async () => {
      const patch = kube.patch(ref, { type: 'merge', body: { metadata: { labels: { seen: '1' } } } }, { dryRun: 'All' })
      await expect(patch).rejects.toThrow(/webhook/)
    })
  }

  async function createAll(objects: readonly KubeObject[]): Promise<void> {
    for (const object of objects) {
      const kind = knownKind(object.apiVersion, object.kind) ?? legacyKind(object)
      await kube.delete(refTo(kind, object.metadata)).catch(() => {}) // what an earlier test left of it
      await kube.create(object)
    }
  }
})

function legacyKind({ kind }: KubeObject): Kind {
  const found = Object.values(LegacyKinds).find((one) => one.kind === kind)
  if (found === undefined) throw new TypeError(`no kind ${kind}`)
  return found
}

function nameOf({ action, ref }: LegacyStep): string {
  return `${action} ${ref.kind.kind} ${ref.name}`
}

function account(name: string, secret: string): KubeObject & { spec: object } {
  const finalizers = name === 'old' ? ['runtimes.opendatahub.io/nim-cleanup-finalizer'] : []
  const metadata = { name, namespace: 'odh', finalizers }
  return { apiVersion: 'nim.opendatahub.io/v1', kind: 'Account', metadata, spec: { apiKeySecret: { name: secret } } }
}

/** What a team runs: none of it is to be touched. */
function users(): KubeObject[] {
  return [
    ...sharedSecrets('team', 'nvapi-test-0123456789'),
    oldServingRuntime('llama', 'team'),
    oldInferenceService('llama', 'team'),
    {
      ...oldServingRuntime('pulls-with-it', 'odh'),
      spec: { ...oldServingRuntime('x', 'odh').spec, imagePullSecrets: [{ name: 'old-pull' }] },
    },
  ]
}

function legacyObjects(uid: string): KubeObject[] {
  const owner = { apiVersion: 'nim.opendatahub.io/v1', kind: 'Account', name: 'old', uid, controller: true }
  const managed = { 'opendatahub.io/managed': 'true' }
  const ownerReferences = [owner]
  const namespace = 'odh'
  const rules = [{ apiGroups: ['nim.opendatahub.io'], resources: ['accounts'], verbs: ['get'] }]
  const rbac = 'rbac.authorization.k8s.io/v1'
  const binding: RoleBinding = {
    apiVersion: rbac,
    kind: 'RoleBinding',
    metadata: { name: 'nim-account-access-binding', namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'nim-account-access' },
  }
  return [
    configMap('old-cm', { ownerReferences }),
    configMap('other-cm', {}),
    configMap('nvidia-nim-validation-result', { labels: managed }),
    configMap('nvidia-nim-images-data', {}),
    {
      apiVersion: 'template.openshift.io/v1',
      kind: 'Template',
      metadata: { name: 'old-template', namespace, labels: managed },
    },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'old-pull', namespace, ownerReferences } },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'nvidia-nim-access', namespace } },
    webhooks(),
    withRules(rbac, 'ClusterRole', { name: 'odh-account-editor-role' }, rules),
    withRules(rbac, 'ClusterRole', { name: 'account-viewer-role' }, rules),
    withRules(rbac, 'ClusterRole', { name: 'bank-account-viewer-role' }, [
      { apiGroups: ['bank.example.com'], resources: ['accounts'], verbs: ['get'] },
    ]),
    withRules(rbac, 'Role', { name: 'nim-account-access', namespace }, rules),
    binding,
    dataScienceCluster(),
  ]
}

function configMap(name: string, metadata: Partial<KubeObject['metadata']>): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'odh', ...metadata } }
}

function withRules(apiVersion: string, kind: string, metadata: KubeObject['metadata'], rules: object[]): KubeObject {
  const role: KubeObject & { rules: object[] } = { apiVersion, kind, metadata, rules }
  return role
}

function dataScienceCluster(): KubeObject {
  const spec = { components: { kserve: { managementState: 'Managed', nim: { airGapped: false } } } }
  const cluster: KubeObject & { spec: object } = {
    apiVersion: 'datasciencecluster.opendatahub.io/v1',
    kind: 'DataScienceCluster',
    metadata: { name: 'default-dsc' },
    spec,
  }
  return cluster
}

/** A configuration whose servers are gone, for Accounts and for something else. */
function webhooks(): KubeObject {
  const webhook = (name: string, group: string): object => ({
    name,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    failurePolicy: 'Fail',
    clientConfig: { url: 'https://127.0.0.1:1/validate' },
    rules: [{ apiGroups: [group], apiVersions: ['*'], resources: ['accounts'], operations: ['CREATE', 'UPDATE'] }],
  })
  const configuration: KubeObject & { webhooks: object[] } = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'webhooks' },
    webhooks: [
      webhook('other.example.com', 'example.com'),
      webhook('validating.nim.account.odh-model-controller.opendatahub.io', 'nim.opendatahub.io'),
    ],
  }
  return configuration
}

/** A definition that keeps every field. */
function looseDefinition(group: string, version: string, kind: string, plural: string, scope: string): KubeObject {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  const definition: KubeObject & { spec: object } = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope,
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  }
  return definition
}
