import { Kinds, ownerReferenceTo } from '@nexus/kube'
import type { InferenceService, KubeClient, Secret, ServingRuntime } from '@nexus/kube'
import { NIM_MARKER } from '../api/ServingRuntime.ts'

/** A registry that the pull Secret names beside NVIDIA's. */
export const OTHER_REGISTRY = { username: 'ada', password: 'other-registry' }

/** The objects of deployment `llama` with Secrets of its own that hold `key`. */
export async function createRotatable(kube: KubeClient, namespace: string, key: string): Promise<void> {
  const isvc = await kube.create(service(namespace))
  await kube.create(runtime(namespace))
  for (const secret of secretsWith(key, namespace)) {
    await kube.create({ ...secret, metadata: { ...secret.metadata, ownerReferences: [ownerReferenceTo(isvc)] } })
  }
}

/** What the two Secrets and the rotation's own hold, and what the pods and the strategy are told. */
export interface RotatableState {
  readonly apiKey: string
  readonly password: string
  readonly hints: readonly (string | undefined)[]
  readonly open: boolean
  readonly mark: string | undefined
  readonly strategy: InferenceService['spec']['predictor']['deploymentStrategy']
}

export async function stateOf(kube: KubeClient, namespace: string): Promise<RotatableState> {
  const { items } = await kube.list({ kind: Kinds.Secret, namespace })
  const named = (name: string): Secret | undefined => items.find(({ metadata }) => metadata.name === name)
  const isvc = await kube.get({ kind: Kinds.InferenceService, name: 'llama', namespace })
  const config = decode(named('nim-image-pull-llama')?.data?.['.dockerconfigjson'])
  return {
    apiKey: decode(named('nim-api-key-llama')?.data?.['NGC_API_KEY']),
    password: /nvapi-[\w-]+/.exec(config)?.[0] ?? '',
    hints: ['nim-api-key-llama', 'nim-image-pull-llama'].map(
      (name) => named(name)?.metadata.annotations?.['nexus.dev/key-hint'],
    ),
    open: named('nim-key-rotation-llama') !== undefined,
    mark: isvc.spec.predictor.annotations?.['nexus.dev/key-rotation'],
    strategy: isvc.spec.predictor.deploymentStrategy,
  }
}

function decode(base64 = ''): string {
  return atob(base64)
}

function secretsWith(key: string, namespace: string): Secret[] {
  const auths = {
    'nvcr.io': { username: '$oauthtoken', password: key, auth: btoa(`$oauthtoken:${key}`) },
    'registry.example.com': OTHER_REGISTRY,
  }
  const annotations = { 'nexus.dev/key-hint': key.slice(-4), 'nexus.dev/key-set-by': 'ada' }
  return [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'nim-api-key-llama', namespace, annotations },
      type: 'Opaque',
      data: { NGC_API_KEY: btoa(key), api_key: btoa(key), region: btoa('eu') },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'nim-image-pull-llama', namespace, annotations },
      type: 'kubernetes.io/dockerconfigjson',
      data: { '.dockerconfigjson': btoa(JSON.stringify({ auths })) },
    },
  ]
}

function runtime(namespace: string): ServingRuntime {
  const key = { name: 'nim-api-key-llama', key: 'NGC_API_KEY' }
  return {
    apiVersion: 'serving.kserve.io/v1alpha1',
    kind: 'ServingRuntime',
    metadata: { name: 'llama', namespace, annotations: { [NIM_MARKER]: 'true' } },
    spec: {
      supportedModelFormats: [{ name: 'llama', autoSelect: false }],
      imagePullSecrets: [{ name: 'nim-image-pull-llama' }],
      containers: [
        {
          name: 'kserve-container',
          image: 'nvcr.io/nim/meta/llama:1.8.4',
          env: [{ name: 'NGC_API_KEY', valueFrom: { secretKeyRef: key } }],
        },
      ],
    },
  }
}

function service(namespace: string): InferenceService {
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { name: 'llama', namespace },
    spec: {
      predictor: {
        deploymentStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
        model: { modelFormat: { name: 'llama' }, runtime: 'llama' },
      },
    },
  }
}
