import type { KubeObject, ObjectMeta, UnknownObject } from '@nexus/kube'
import { expect, test } from 'vitest'
import { modalDeployment, wizardDeployment } from '../testing/older-producers.ts'
import type { OlderDeployment } from '../testing/older-producers.ts'
import { scheduled, testPod } from '../testing/pods.ts'
import { candidateSecrets, planDeletion } from './deletion-plan.ts'
import type { DeletionOptions, DeletionPlan, NamespaceObjects, SecretFound } from './deletion-plan.ts'

const project = 'demo'
const llama = modalDeployment({ name: 'llama', project, runtimeName: 'nim-llama' })
const granite = wizardDeployment({ name: 'granite', project })

function namespaceOf(deployments: readonly OlderDeployment[], changes: Partial<NamespaceObjects>): NamespaceObjects {
  return {
    services: deployments.map(({ isvc }, index) => ({ ...isvc, metadata: withUid(isvc.metadata, `isvc-${index}`) })),
    runtimes: deployments.map(({ runtime }) => runtime),
    claims: deployments.map(({ pvc }) => pvc),
    secrets: [secret('nvidia-nim-secrets'), secret('ngc-secret')],
    pods: [],
    access: [],
    others: [],
    unseen: [],
    ...changes,
  }
}

function withUid(metadata: ObjectMeta, uid: string): ObjectMeta {
  return { ...metadata, uid }
}

function secret(name: string, changes: Partial<ObjectMeta> = {}, dataKeys = ['NGC_API_KEY']): SecretFound {
  return { metadata: { name, namespace: project, ...changes }, dataKeys }
}

/** The plan as a person reads it. */
function plan(
  objects: NamespaceObjects,
  options?: DeletionOptions,
): Record<'goes' | 'stays', string[]> & { releases: DeletionPlan['releases'] } {
  const { removes, keeps, releases } = planDeletion('llama', project, objects, options)
  return {
    goes: removes.map(({ ref }) => `${ref.kind.kind} ${ref.name}`),
    stays: keeps.map(({ ref, because }) => `${ref.name}: ${because}`),
    releases,
  }
}

test('the last of the deployments that share Secrets takes them along', () => {
  expect(plan(namespaceOf([llama], {}))).toMatchObject({
    goes: ['InferenceService llama', 'ServingRuntime nim-llama', 'Secret nvidia-nim-secrets', 'Secret ngc-secret'],
    stays: [`${llama.pvc.metadata.name}: it holds the weights, and a later deployment of the name uses it again`],
  })
})

test('shared Secrets stay as long as anything refers to them, and it is named', () => {
  const { stays } = plan(namespaceOf([llama, granite], {}))
  expect(stays).toEqual(
    expect.arrayContaining([
      'nvidia-nim-secrets: InferenceService granite uses it',
      'ngc-secret: InferenceService granite uses it',
    ]),
  )
})

test.each<{ what: string; other: UnknownObject; kept: string }>([
  {
    what: "a ServiceAccount's pull Secret",
    other: {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'ci' },
      imagePullSecrets: [{ name: 'ngc-secret' }],
    },
    kept: 'ngc-secret: ServiceAccount ci uses it',
  },
  {
    what: "a project's Account",
    other: {
      apiVersion: 'nim.opendatahub.io/v1',
      kind: 'Account',
      metadata: { name: 'odh-nim-account' },
      spec: { apiKeySecret: { name: 'nvidia-nim-secrets' } },
    },
    kept: 'nvidia-nim-secrets: Account odh-nim-account uses it',
  },
  {
    what: 'a Deployment that is scaled to nothing',
    other: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'notebook' },
      spec: { replicas: 0, template: { spec: { imagePullSecrets: [{ name: 'ngc-secret' }] } } },
    },
    kept: 'ngc-secret: Deployment notebook uses it',
  },
])('$what keeps a shared Secret', ({ other, kept }) => {
  expect(plan(namespaceOf([llama], { others: [other] })).stays).toContain(kept)
})

test("the key of a project's Account has the shared Secret's name and stays, also where Accounts cannot be read", () => {
  const secrets = [secret('nvidia-nim-secrets', {}, ['NGC_API_KEY', 'api_key'])]
  expect(plan(namespaceOf([llama], { secrets })).stays).toContain(
    "nvidia-nim-secrets: it holds the key of the project's NIM Account",
  )
})

test('a shared Secret stays where not all that may use it can be seen', () => {
  const { goes, stays } = plan(namespaceOf([llama], { unseen: ['serviceaccounts', 'accounts'] }))
  expect(goes).toEqual(['InferenceService llama', 'ServingRuntime nim-llama'])
  expect(stays).toContain(
    'ngc-secret: deployments share it, and whether one of the serviceaccounts, accounts uses it cannot be seen',
  )
})

test('what KServe made of the deployment is no other user', () => {
  const made: KubeObject & { spec: object } = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'llama-predictor',
      ownerReferences: [{ apiVersion: 'v1', kind: 'InferenceService', name: 'llama', uid: 'isvc-0' }],
    },
    spec: { template: { spec: { imagePullSecrets: [{ name: 'ngc-secret' }] } } },
  }
  const pod = testPod(scheduled({ ready: true }))
  pod.spec.imagePullSecrets = [{ name: 'ngc-secret' }]
  expect(plan(namespaceOf([llama], { others: [made], pods: [pod] })).goes).toContain('Secret ngc-secret')
})

test('a runtime that another InferenceService runs on stays with everything it names', () => {
  const second = {
    ...granite.isvc,
    spec: { predictor: { model: { modelFormat: { name: 'x' }, runtime: 'nim-llama' } } },
  }
  const objects = namespaceOf([llama], {})
  const { goes, stays } = plan({ ...objects, services: [...objects.services, second] }, { deletePvc: true })
  expect(goes).toEqual(['InferenceService llama'])
  expect(stays).toEqual([
    'nim-llama: InferenceService granite uses it',
    'nvidia-nim-secrets: InferenceService granite uses it',
    'ngc-secret: InferenceService granite uses it',
    `${llama.pvc.metadata.name}: InferenceService granite uses it`,
  ])
})

test('a Secret that stays is released from the InferenceService that goes', () => {
  const owned = { ownerReferences: [{ apiVersion: 'v1', kind: 'InferenceService', name: 'llama', uid: 'isvc-0' }] }
  const own = secret('nim-image-pull-llama', { uid: 's1', ...owned })
  const user: UnknownObject = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'ci' },
    imagePullSecrets: [{ name: 'nim-image-pull-llama' }],
  }
  const used = plan(namespaceOf([llama], { secrets: [own], others: [user] }))
  expect(used.releases.map(({ ref, uid }) => [ref.name, uid])).toEqual([['nim-image-pull-llama', 's1']])
  expect(plan(namespaceOf([llama], { secrets: [own] })).releases).toEqual([])
})

test('weights go only when they are asked for, were made for a NIM and nobody else mounts them', () => {
  const claim = llama.pvc.metadata.name
  const mounts = (name: string): UnknownObject => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { template: { spec: { volumes: [{ name: 'w', persistentVolumeClaim: { claimName: claim } }] } } },
  })
  const asked = { deletePvc: true }
  expect(plan(namespaceOf([llama], {}), asked).goes).toContain(`PersistentVolumeClaim ${claim}`)
  expect(plan(namespaceOf([llama], { others: [mounts('trainer')] }), asked).stays).toContain(
    `${claim}: Deployment trainer uses it`,
  )
  const foreign = modalDeployment({ name: 'llama', project, pvcName: 'datasets' })
  delete foreign.pvc.metadata.labels
  expect(plan(namespaceOf([foreign], {}), asked).stays).toContain('datasets: it was not made for a deployment')
})

test('Secrets of earlier drafts go with the deployment, and those that somebody chose stay', () => {
  const runtime = structuredClone(llama.runtime)
  runtime.spec.imagePullSecrets = [{ name: 'mirror-login' }, { name: 'nvidia-nim-image-pull-llama' }]
  const objects = namespaceOf([{ ...llama, runtime }], {})
  const candidates = candidateSecrets('llama', objects)
  expect(candidates).toEqual([
    'nim-api-key-llama',
    'nim-image-pull-llama',
    'nim-key-rotation-llama',
    'nvidia-nim-secrets-llama',
    'nvidia-nim-image-pull-llama',
    'nvidia-nim-secrets',
    'mirror-login',
  ])
  const { goes, stays } = plan({ ...objects, secrets: candidates.map((name) => secret(name)) })
  expect(goes).toContain('Secret nvidia-nim-image-pull-llama')
  expect(stays).toContain('mirror-login: it was not made for this deployment')
})

test('access that a crash left without an owner goes, and what somebody else made does not', () => {
  const account = (labels: Record<string, string>): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'llama-sa', labels },
  })
  const ours = account({ 'opendatahub.io/dashboard': 'true' })
  expect(plan(namespaceOf([llama], { access: [ours] })).goes).toContain('ServiceAccount llama-sa')
  expect(plan(namespaceOf([llama], { access: [account({})] })).goes).not.toContain('ServiceAccount llama-sa')
})
