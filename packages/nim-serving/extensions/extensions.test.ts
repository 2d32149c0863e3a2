import { apiKeySecretName, DeploymentName } from '@nexus/core'
import { Kinds } from '@nexus/kube'
import type { KubeClient } from '@nexus/kube'
import { eventually, hasControlPlane } from '@nexus/kube/testing'
import { connectToTestCluster, freshProject, modalDeployment, wizardDeployment } from '@nexus/nim-serving/testing'
import type { TestCluster } from '@nexus/nim-serving/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseDeployCall } from './call.ts'
import type { DashboardDeployment, DeployFn, NIMExtension, WatchFn, WizardState } from './contract.ts'
import { servingObjects } from './deployment.ts'
import { createDeploymentsStore } from './deployments-store.ts'
import { createNIMExtensions, createSdkKubeClient, NIM_SERVING_ID } from './extensions.ts'
import type { DetailsRow, NIMHost } from './extensions.ts'
import { deployRequestOf, editRequestOf } from './wizard.ts'
import { sdkOverFetch } from './testing/sdk-over-fetch.ts'

const KEY = 'nvapi-test-0123456789abcd'

function wizard(changes: Partial<WizardState> = {}): WizardState {
  return {
    k8sNameDesc: { data: { name: 'My Llama', description: 'for chat', k8sName: { value: 'llama' } } },
    modelLocationData: { data: { type: 'nvidia-nim' } },
    numReplicas: { data: 1 },
    'nim-serving/nimImage': { repository: 'nvcr.io/nim/meta/llama-3.1-8b-instruct', tag: '1.8.4' },
    'nim-serving/pvcStorage': { storageMode: 'new', pvcName: 'x', storageSizeGi: 60 },
    'nim-serving/apiKey': { key: KEY },
    ...changes,
  }
}

type ByType = { [E in NIMExtension as E['type']]: E }

function propertiesOf<T extends keyof ByType>(list: readonly NIMExtension[], type: T): ByType[T]['properties'] {
  const isWanted = (extension: NIMExtension): extension is ByType[T] => extension.type === type
  const found = list.find(isWanted)
  if (found === undefined) throw new Error(`there is no extension ${type}`)
  return found.properties
}

/** A dashboard as far as the extensions see one, without React: a component is its rows. */
function hostOf(kube: KubeClient): NIMHost {
  return {
    kube,
    checkKey: () => Promise.resolve({ outcome: 'valid' }),
    user: 'ada',
    useSyncExternalStore: (_, read) => read(),
    detailsComponent:
      (rows) =>
      ({ deployment }) =>
        rows(deployment),
  }
}

const unreachable: KubeClient = createSdkKubeClient(sdkOverFetch({ server: 'http://127.0.0.1:9', token: '' }))

describe('the list of extensions', () => {
  const list = createNIMExtensions(hostOf(unreachable))

  test('deploys before KServe and llm-d, offers to overwrite, and needs its area to be on', async () => {
    expect(propertiesOf(list, 'model-serving.deployment/deploy')).toMatchObject({
      platform: NIM_SERVING_ID,
      priority: 150,
      supportsOverwrite: true,
    })
    expect(new Set(list.map(({ flags }) => flags.required.join()))).toEqual(new Set([NIM_SERVING_ID]))
  })

  test('has one entry of each kind, and an extractor for each field of its own but the key', () => {
    expect(list.map(({ type }) => type).toSorted()).toEqual([
      'model-serving.auth',
      'model-serving.deployed-model/serving-runtime',
      'model-serving.deployment/deploy',
      'model-serving.deployment/form-data',
      'model-serving.deployment/wizard-field-extractor',
      'model-serving.deployment/wizard-field-extractor',
      'model-serving.deployments-table/start-stop-action',
      'model-serving.platform',
      'model-serving.platform/delete-deployment',
      'model-serving.platform/fetch-deployment-status',
      'model-serving.platform/watch-deployments',
    ])
  })

  test('is active for the NVIDIA NIM location and for a deployment on a NIM runtime, and for nothing else', async () => {
    const isActive = await propertiesOf(list, 'model-serving.deployment/deploy').isActive()
    const { runtime } = modalDeployment({ name: 'llama', project: 'demo' })
    expect(isActive(wizard())).toBe(true)
    expect(isActive(wizard({ modelLocationData: { data: { type: 'existing' } } }), { server: runtime })).toBe(true)
    expect(isActive(wizard({ modelLocationData: { data: { type: 'existing' } } }))).toBe(false)
    expect(isActive({})).toBe(false)
  })
})

test('twelve parameters and ten are read as the same call', () => {
  const existing = servingObjects(modalDeployment({ name: 'llama', project: 'demo' }).isvc, undefined)
  const apply = (deployment: DashboardDeployment): DashboardDeployment => deployment
  const state = wizard()
  const newer = parseDeployCall([
    state,
    {},
    'demo',
    existing,
    undefined,
    undefined,
    'template',
    true,
    undefined,
    true,
    undefined,
    apply,
  ])
  const older = parseDeployCall([
    state,
    'demo',
    existing,
    undefined,
    'template',
    true,
    undefined,
    true,
    undefined,
    apply,
  ])
  expect(older).toEqual(newer)
  expect(newer).toMatchObject({ projectName: 'demo', dryRun: true, overwrite: true, existingDeployment: existing })
})

describe('the form', () => {
  const request = (changes: Partial<WizardState>): ReturnType<typeof deployRequestOf> =>
    deployRequestOf(parseDeployCall([wizard(changes), {}, 'demo']))

  test('becomes a request', () => {
    const filled = request({
      hardwareProfileConfig: {
        formData: { selectedProfile: { metadata: { name: 'big' } }, resources: { limits: { cpu: 4 } } },
      },
      environmentVariables: { data: { enabled: true, variables: [{ name: 'A', value: '1' }] } },
      runtimeArgs: { data: { enabled: false, args: ['--ignored'] } },
      deploymentStrategy: { data: 'recreate' },
      externalRoute: { data: true },
      tokenAuthentication: { data: [{ displayName: 'ci' }] },
    })
    expect(filled).toMatchObject({
      name: 'llama',
      project: 'demo',
      displayName: 'My Llama',
      description: 'for chat',
      model: { namespace: 'nim/meta', name: 'llama-3.1-8b-instruct' },
      registry: 'nvcr.io',
      tag: '1.8.4',
      storage: { mode: 'new', size: '60Gi' },
      hardwareProfile: 'big',
      resources: { limits: { cpu: '4' } },
      env: [{ name: 'A', value: '1' }],
      args: [],
      strategy: 'Recreate',
      externalRoute: true,
      auth: true,
      tokens: ['ci'],
    })
  })

  test('keeps the name of an existing volume as it is, and a mirror with its port', () => {
    const filled = request({
      'nim-serving/pvcStorage': { storageMode: 'existing', pvcName: 'my.pvc', subPath: 'a/b' },
      'nim-serving/nimImage': { repository: 'mirror:5000/cache/nim/meta/llama', tag: 'latest' },
    })
    expect(filled).toMatchObject({
      storage: { mode: 'existing', pvc: 'my.pvc', subPath: 'a/b' },
      registry: 'mirror:5000/cache',
      model: { namespace: 'nim/meta', name: 'llama' },
    })
  })

  test('makes no tokens for a user who may not make the Role they need', () => {
    const filled = request({ tokenAuthentication: { data: [{ displayName: 'ci' }] }, canCreateRoleBindings: false })
    expect(filled.auth).toBeUndefined()
  })

  test('that is not filled in says what is missing', () => {
    expect(() => deployRequestOf(parseDeployCall([{}, {}, 'demo']))).toThrow(
      'Not filled in yet: the name, the NVIDIA NIM to deploy, the storage.',
    )
  })

  test('of an edit says only what it has', () => {
    expect(editRequestOf(parseDeployCall([{ numReplicas: { data: 2 } }, {}, 'demo']))).toEqual({ replicas: 2 })
  })
})

describe('form data', () => {
  test.each([
    { producer: 'the modal', parts: modalDeployment({ name: 'llama', project: 'demo', runtimeName: 'nim-llama' }) },
    { producer: 'the wizard', parts: wizardDeployment({ name: 'llama', project: 'demo' }) },
  ])('of a deployment of $producer is read from its objects alone', async ({ parts }) => {
    const list = createNIMExtensions(hostOf(unreachable))
    const form = propertiesOf(list, 'model-serving.deployment/form-data')
    const deployment = servingObjects(parts.isvc, parts.runtime)
    expect((await form.isActive())(deployment)).toBe(true)
    expect((await form.extractHardwareProfileConfig())(deployment).data).toMatchObject({
      name: 'one-gpu',
      namespace: 'redhat-ods-applications',
      resources: { limits: { 'nvidia.com/gpu': '1' } },
    })
    expect((await form.extractModelFormat())(deployment)).toEqual({ name: 'llama-3.1-8b-instruct' })
    expect((await form.extractReplicas())(deployment)).toEqual({ data: 1 })
    expect((await form.extractDeploymentStrategy())(deployment)).toBe('rolling')
    expect((await form.extractRuntimeArgs())(deployment)).toEqual({ enabled: false, args: [] })
    const fields = list.filter(({ type }) => type === 'model-serving.deployment/wizard-field-extractor')
    const values = await Promise.all(
      fields.map(async ({ properties }) => ('extract' in properties ? (await properties.extract())(deployment) : null)),
    )
    expect(values).toEqual([
      { repository: 'nvcr.io/nim/meta/llama-3.1-8b-instruct', tag: '1.8.4' },
      expect.objectContaining({ storageMode: 'existing', pvcName: parts.pvc.metadata.name }),
    ])
  })
})

test('a watch that cannot start is loaded all the same, with the error', async () => {
  const refused = sdkOverFetch({ server: 'http://127.0.0.1:9', token: '' })
  const forbidden = { ...refused, k8sListResource: () => Promise.reject(Object.assign(new Error('no'), { code: 403 })) }
  const store = createDeploymentsStore(createSdkKubeClient(forbidden), 'demo')
  expect(store.read()).toEqual([undefined, false, undefined])
  const leave = store.subscribe(() => {})
  await eventually(() => {
    const [deployments, loaded, errors] = store.read()
    expect({ deployments, loaded, count: errors?.length }).toEqual({ deployments: undefined, loaded: true, count: 1 })
  })
  leave()
})

describe.skipIf(!hasControlPlane())('the extensions on a real API server', () => {
  let cluster: TestCluster
  let kube: KubeClient
  let list: readonly NIMExtension[]
  let deploy: DeployFn
  let watch: WatchFn

  beforeAll(async () => {
    cluster = await connectToTestCluster()
    kube = cluster.kube
    list = createNIMExtensions(hostOf(kube))
    deploy = await propertiesOf(list, 'model-serving.deployment/deploy').deploy()
    watch = await propertiesOf(list, 'model-serving.platform/watch-deployments').watch()
  }, 60_000)

  afterAll(async () => {
    await cluster?.kube.close()
  })

  const statusOf = async (project: string): Promise<DashboardDeployment | null> =>
    (await propertiesOf(list, 'model-serving.platform/fetch-deployment-status').fetch())('llama', project)

  test('carry a deployment from the dry run to its deletion', async () => {
    const project = await freshProject(kube)
    const planned = await deploy(wizard(), {}, project, undefined, undefined, undefined, undefined, true)
    expect(planned.model.metadata.name).toBe('llama')
    expect(await statusOf(project)).toBeNull()

    const labelled = (deployment: DashboardDeployment): DashboardDeployment => {
      const { metadata } = deployment.model
      const model = { ...deployment.model, metadata: { ...metadata, labels: { ...metadata.labels, team: 'chat' } } }
      return { ...deployment, model }
    }
    const older = { transformData: { metadata: { labels: { origin: 'catalog' } } } }
    const made = await deploy(wizard(), project, undefined, undefined, undefined, false, 'c', false, older, labelled)
    expect(made.model.metadata.uid).toBeDefined()
    expect(made.model.metadata.labels).toMatchObject({ team: 'chat', origin: 'catalog' })
    expect(made).toMatchObject({ modelServingPlatformId: NIM_SERVING_ID, apiProtocol: 'REST' })
    expect(JSON.stringify(made)).not.toContain(KEY)

    const startStop = await propertiesOf(
      list,
      'model-serving.deployments-table/start-stop-action',
    ).patchDeploymentStoppedStatus()
    await startStop(made, true)
    expect((await statusOf(project))?.status?.stoppedStates?.isStopped).toBe(true)
    await startStop(made, false)
    expect((await statusOf(project))?.status?.stoppedStates?.isStopped).toBe(false)

    const onDelete = await propertiesOf(list, 'model-serving.platform/delete-deployment').onDelete()
    await onDelete(made)
    expect(await statusOf(project)).toBeNull()
    const secret = { kind: Kinds.Secret, name: apiKeySecretName(DeploymentName.parse('llama')), namespace: project }
    await expect(kube.get(secret)).rejects.toMatchObject({ status: 404 })
    await kube.get({ kind: Kinds.PersistentVolumeClaim, name: 'nim-pvc-llama', namespace: project })
  })

  test('edit what the form changed, and keep variables that come from a Secret', async () => {
    const project = await freshProject(kube)
    const { runtime, isvc, pvc } = modalDeployment({ name: 'llama', project })
    const source = { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }
    isvc.spec.predictor.model = { modelFormat: { name: 'x' }, ...isvc.spec.predictor.model, env: [source] }
    for (const object of [pvc, runtime, isvc]) await kube.create(object)
    const existing = await statusOf(project)
    if (existing === null) throw new Error('it was just made')
    const variables = [{ name: 'A', value: '1' }]
    const form = {
      deploymentStrategy: { data: 'recreate' },
      environmentVariables: { data: { enabled: true, variables } },
    } as const
    const edited = await deploy(form, {}, project, existing)
    expect(edited.model.spec.predictor).toMatchObject({ deploymentStrategy: { type: 'Recreate' }, maxReplicas: 2 })
    expect(edited.model.spec.predictor.model?.env).toEqual([{ name: 'A', value: '1' }, source])
  })

  test('watch a project while a component listens', async () => {
    const project = await freshProject(kube)
    const store = createDeploymentsStore(kube, project)
    const leave = store.subscribe(() => {})
    await eventually(() => expect(store.read()).toEqual([[], true, undefined]))
    await deploy(wizard(), {}, project)
    await eventually(() => expect(store.read()[0]?.map(({ model }) => model.metadata.name)).toEqual(['llama']))
    leave()
    expect(watch({ metadata: { name: project } })).toEqual([undefined, false, undefined])
  })

  test('show details with the last characters of the key', async () => {
    const project = await freshProject(kube)
    const made = await deploy(wizard(), {}, project)
    const component = await propertiesOf(list, 'model-serving.deployed-model/serving-runtime').ServingDetailsComponent()
    const rows: readonly DetailsRow[] = await rowsOf(component({ deployment: made }))
    expect(rows).toContainEqual({ label: 'API key', value: `…${KEY.slice(-4)}, set by ada` })
    expect(JSON.stringify(rows)).not.toContain(KEY)
  })
})

async function rowsOf(shown: unknown): Promise<DetailsRow[]> {
  const rows: unknown = await shown
  return Array.isArray(rows) ? rows.filter(isRow) : []
}

function isRow(value: unknown): value is DetailsRow {
  return typeof value === 'object' && value !== null && 'label' in value && 'value' in value
}
