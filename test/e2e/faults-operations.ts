import { SecretText } from '@nexus/core'
import { Kinds } from '@nexus/kube'
import type { InferenceService, Kind, KubeClient, KubeObject, Secret } from '@nexus/kube'
import { deployNIMDeployment } from '@nexus/nim-serving'
import type { ApplyFieldData } from '@nexus/nim-serving'
import { modalDeployment, SHARED_KEY_SECRET, SHARED_PULL_SECRET } from '@nexus/nim-serving/testing'

export const OLD_KEY = 'nvapi-test-old-0123456789abcdef'
export const NEW_KEY = 'nvapi-test-new-0123456789abcdef'

/** A command whose process is ended at each of its writes. */
export interface Operation {
  readonly name: string
  /** What is there before it. The deployments are stopped: the subject is what is written, not what runs. */
  readonly seed: (kube: KubeClient, namespace: string) => Promise<void>
  readonly args: (namespace: string) => string[]
  readonly input: string
  /** Whether the same command again says that nothing was left to do; otherwise it does not find its object. */
  readonly repeatable: boolean
}

export const OPERATIONS: readonly Operation[] = [
  {
    name: 'deploy',
    seed: async () => {},
    args: (namespace) =>
      words(`deploy phi-3-mini-4k-instruct --name llama -n ${namespace} --create-namespace --gpu 0 --api-key-stdin`),
    input: OLD_KEY,
    repeatable: true,
  },
  {
    name: 'edit',
    seed: seedDeployment,
    args: (namespace) => words(`edit llama -n ${namespace} --model :latest --description edited --gpu 0 --auth`),
    input: '',
    repeatable: true,
  },
  {
    name: 'stop',
    seed: async (kube, namespace) => seedDeployment(kube, namespace, 'false'),
    args: (namespace) => words(`stop llama -n ${namespace}`),
    input: '',
    repeatable: true,
  },
  {
    name: 'start',
    seed: seedDeployment,
    args: (namespace) => words(`start llama -n ${namespace}`),
    input: '',
    repeatable: true,
  },
  {
    name: 'rotate-key',
    seed: seedDeployment,
    args: (namespace) => words(`rotate-key llama -n ${namespace} --api-key-stdin`),
    input: NEW_KEY,
    repeatable: true,
  },
  {
    name: 'migrate',
    seed: seedOlderDeployment,
    args: (namespace) => words(`migrate -n ${namespace} -d llama --api-key-stdin`),
    input: NEW_KEY,
    repeatable: true,
  },
  {
    name: 'migrate --cleanup',
    seed: seedSharedSecrets,
    args: (namespace) => words(`migrate -n ${namespace} --cleanup --yes`),
    input: '',
    repeatable: true,
  },
  {
    name: 'delete',
    seed: seedDeployment,
    args: (namespace) => words(`delete llama -n ${namespace} --yes --delete-pvc`),
    input: '',
    repeatable: false,
  },
]

function words(line: string): string[] {
  return line.split(' ')
}

async function createNamespace(kube: KubeClient, name: string): Promise<void> {
  await kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
}

async function seedDeployment(kube: KubeClient, project: string, stopped = 'true'): Promise<void> {
  await createNamespace(kube, project)
  const applyFieldData: ApplyFieldData = ({ isvc, runtime }) => ({ isvc: withStop(isvc, stopped), runtime })
  const request = {
    name: 'llama',
    project,
    model: { name: 'phi-3-mini-4k-instruct', namespace: 'nim/microsoft' },
    tag: '1.2.3',
    apiKey: new SecretText(OLD_KEY),
    skipKeyCheck: true,
    gpus: 1,
  }
  const checkKey = (): Promise<{ outcome: 'valid' }> => Promise.resolve({ outcome: 'valid' })
  await deployNIMDeployment(request, { kube, keySetBy: 'ada', checkKey, applyFieldData })
}

function withStop(isvc: InferenceService, stopped: string): InferenceService {
  const annotations = { ...isvc.metadata.annotations, 'serving.kserve.io/stop': stopped }
  return { ...isvc, metadata: { ...isvc.metadata, annotations } }
}

async function seedOlderDeployment(kube: KubeClient, project: string): Promise<void> {
  await seedSharedSecrets(kube, project)
  const { pvc, runtime, isvc } = modalDeployment({ name: 'llama', project, runtimeName: 'llama' })
  for (const object of [pvc, runtime, withStop(isvc, 'true')]) await kube.create(object)
}

async function seedSharedSecrets(kube: KubeClient, namespace: string): Promise<void> {
  await createNamespace(kube, namespace)
  const login = { auths: { 'nvcr.io': { username: '$oauthtoken', password: OLD_KEY } } }
  const secrets: Secret[] = [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: SHARED_KEY_SECRET, namespace },
      stringData: { NGC_API_KEY: OLD_KEY },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: SHARED_PULL_SECRET, namespace },
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': JSON.stringify(login) },
    },
  ]
  for (const secret of secrets) await kube.create(secret)
}

const COMPARED: readonly Kind[] = [
  Kinds.Secret,
  Kinds.PersistentVolumeClaim,
  Kinds.ServingRuntime,
  Kinds.InferenceService,
  Kinds.ServiceAccount,
  Kinds.Role,
  Kinds.RoleBinding,
]

/**
 * What an operation has come to in a namespace: every object it could have written, keys included, without what differs
 * from one run to the next by its nature (identities, times, ids of calls).
 */
export async function outcomeIn(kube: KubeClient, namespace: string): Promise<string[]> {
  const lists = await Promise.all(COMPARED.map((kind) => kube.list({ kind, namespace })))
  return (
    lists
      .flatMap(({ items }) => items)
      // What waits for its finalizers is as good as gone.
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .filter(({ kind, metadata }) => !(kind === 'ServiceAccount' && metadata.name === 'default'))
      .map((object) => comparable(object).replaceAll(namespace, 'NAMESPACE'))
      .sort()
  )
}

function comparable(object: KubeObject): string {
  const { kind, metadata, ...content } = object
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([name]) => name !== 'nexus.dev/deploy-id' && !name.includes('kubernetes.io/'),
  )
  const text = JSON.stringify({
    kind,
    name: metadata.name,
    labels: metadata.labels,
    annotations: Object.fromEntries(annotations),
    owners: metadata.ownerReferences?.map((owner) => `${owner.kind} ${owner.name}`),
    content: { ...content, ...withoutToken(content), status: undefined },
  })
  return text
    .replaceAll(/rot-[0-9a-f]{8}/g, 'ROTATION')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/"volumeName":"[^"]+"/g, '"volumeName":"VOLUME"')
}

/** A token is another one each time. */
function withoutToken(content: object): { data?: string } {
  return 'type' in content && content.type === 'kubernetes.io/service-account-token' ? { data: 'TOKEN' } : {}
}

/** A write as the table shows it: `patch secrets/nim-api-key-llama`, the same on every cluster. */
export function nameOfWrite({ method, path }: { readonly method: string; readonly path: string }): string {
  const [plain = ''] = path.split('?')
  const resource = plain.replace(/^\/apis?\/([^/]+\/)?v1(alpha1|beta1)?\//, '').replace(/^namespaces\/[^/]+\//, '')
  return `${VERBS[method] ?? method} ${resource}`
}

const VERBS: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'replace',
  PATCH: 'patch',
  DELETE: 'delete',
}
