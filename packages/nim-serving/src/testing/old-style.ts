import type { Deployment, InferenceService, Secret, ServingRuntime } from '@nexus/kube'

// The objects of a deployment as the first dashboards made them: all deployments of a namespace share two Secrets.

/** The two Secrets of a namespace. */
export function sharedSecrets(namespace: string, key: string): Secret[] {
  const login = { username: '$oauthtoken', password: key }
  return [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'nvidia-nim-secrets', namespace },
      type: 'Opaque',
      data: { NGC_API_KEY: btoa(key) },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'ngc-secret', namespace },
      type: 'kubernetes.io/dockerconfigjson',
      data: { '.dockerconfigjson': btoa(JSON.stringify({ auths: { 'nvcr.io': login } })) },
    },
  ]
}

export function oldServingRuntime(name: string, namespace: string): ServingRuntime {
  return {
    apiVersion: 'serving.kserve.io/v1alpha1',
    kind: 'ServingRuntime',
    metadata: {
      name,
      namespace,
      labels: { 'opendatahub.io/dashboard': 'true' },
      annotations: {
        'runtimes.opendatahub.io/nvidia-nim': 'true',
        'opendatahub.io/template-name': 'nvidia-nim-runtime',
        'openshift.io/display-name': name,
      },
    },
    spec: {
      multiModel: false,
      protocolVersions: ['grpc-v2', 'v2'],
      supportedModelFormats: [{ name: 'llama-3.1-8b-instruct', version: '1.8.4', autoSelect: false, priority: 1 }],
      imagePullSecrets: [{ name: 'ngc-secret' }],
      containers: [
        {
          name: 'kserve-container',
          image: 'nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4',
          ports: [{ containerPort: 8000, protocol: 'TCP' }],
          env: [
            { name: 'NIM_CACHE_PATH', value: '/mnt/models/cache' },
            {
              name: 'NGC_API_KEY',
              valueFrom: { secretKeyRef: { name: 'nvidia-nim-secrets', key: 'NGC_API_KEY' } },
            },
          ],
        },
      ],
    },
  }
}

export function oldInferenceService(name: string, namespace: string, runtime = name): InferenceService {
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { name, namespace, annotations: { 'serving.kserve.io/deploymentMode': 'RawDeployment' } },
    spec: {
      predictor: {
        minReplicas: 1,
        maxReplicas: 1,
        model: { modelFormat: { name: 'llama-3.1-8b-instruct' }, runtime, args: [], env: [] },
      },
    },
  }
}

/** The Deployment that KServe makes of the two. Without replicas, so that no pod has to become ready. */
export function predictorDeployment(name: string, { metadata, spec }: ServingRuntime): Deployment {
  const labels = { app: `isvc.${name}-predictor` }
  const { containers, imagePullSecrets = [] } = spec
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `${name}-predictor`, namespace: metadata.namespace ?? '' },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers, imagePullSecrets } },
    },
  }
}
