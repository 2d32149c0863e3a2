import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { InferenceService, PredictorSpec, ServingRuntime } from '@nexus/kube'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { hasEverything, isJsonObject } from '../runtime/merge-patch.ts'
import { PredictorSpecError } from './pod-spec.ts'
import { assemblePredictor } from './resources.ts'

const recorded = new URL('testdata/recorded/', import.meta.url)

function readRecorded(file: string): unknown {
  const value: unknown = parse(readFileSync(new URL(file, recorded), 'utf8'))
  return value
}

/** The runtime and the InferenceService of the recording, as this test changes them. */
const runtime: ServingRuntime = {
  apiVersion: 'serving.kserve.io/v1alpha1',
  kind: 'ServingRuntime',
  metadata: { name: 'llm', namespace: 'demo', annotations: { 'runtimes.opendatahub.io/nvidia-nim': 'true' } },
  spec: {
    multiModel: false,
    protocolVersions: ['grpc-v2', 'v2'],
    supportedModelFormats: [{ name: 'llama-3.1-8b-instruct', version: '1.8.4', autoSelect: false, priority: 1 }],
    imagePullSecrets: [{ name: 'nim-image-pull-llm' }],
    containers: [
      {
        name: 'kserve-container',
        image: 'nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4',
        ports: [{ containerPort: 8000, protocol: 'TCP' }],
        env: [
          { name: 'NIM_CACHE_PATH', value: '/mnt/models/cache' },
          {
            name: 'NGC_API_KEY',
            valueFrom: { secretKeyRef: { name: 'nim-api-key-llm', key: 'NGC_API_KEY' } },
          },
        ],
        volumeMounts: [
          { name: 'shm', mountPath: '/dev/shm' },
          { name: 'nim-pvc', mountPath: '/mnt/models/cache' },
        ],
      },
    ],
    volumes: [
      { name: 'nim-pvc', persistentVolumeClaim: { claimName: 'nim-pvc-llm' } },
      { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '2Gi' } },
    ],
  },
}

const isvc: InferenceService = {
  apiVersion: 'serving.kserve.io/v1beta1',
  kind: 'InferenceService',
  metadata: {
    name: 'llm',
    namespace: 'demo',
    uid: 'isvc-uid',
    annotations: { 'serving.kserve.io/deploymentMode': 'RawDeployment' },
  },
  spec: {
    predictor: {
      minReplicas: 1,
      maxReplicas: 1,
      model: {
        modelFormat: { name: 'llama-3.1-8b-instruct' },
        runtime: 'llm',
        resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '2', memory: '2Gi' } },
      },
    },
  },
}

function withPredictor(change: Partial<PredictorSpec>): InferenceService {
  return { ...isvc, spec: { predictor: { ...isvc.spec.predictor, ...change } } }
}

function withModel(change: Partial<NonNullable<PredictorSpec['model']>>): InferenceService {
  const model = { modelFormat: { name: 'llama-3.1-8b-instruct' }, ...isvc.spec.predictor.model, ...change }
  return withPredictor({ model })
}

function withMetadata(change: Partial<InferenceService['metadata']>): InferenceService {
  return { ...isvc, metadata: { ...isvc.metadata, ...change } }
}

function withRuntime(change: Partial<ServingRuntime['spec']>): ServingRuntime {
  return { ...runtime, spec: { ...runtime.spec, ...change } }
}

function withContainer(change: Partial<ServingRuntime['spec']['containers'][number]>): ServingRuntime {
  const [container] = runtime.spec.containers
  return withRuntime({ containers: container ? [{ ...container, ...change }] : [] })
}

test('the objects above are the recorded input', () => {
  const documents = parseAllDocuments(readFileSync(new URL('input.yaml', recorded), 'utf8'))
  const [, recordedRuntime, recordedService] = documents.map((document) => {
    const value: unknown = document.toJS()
    return value
  })
  const { uid: _uid, ...metadata } = isvc.metadata
  expect(isDeepStrictEqual(recordedRuntime, runtime)).toBe(true)
  expect(isDeepStrictEqual(recordedService, { ...isvc, metadata })).toBe(true)
})

test.each([
  ['predictor.deployment.yaml', assemblePredictor(isvc, runtime).deployment],
  ['predictor.service.yaml', assemblePredictor(isvc, runtime).service],
  ['predictor.hpa.yaml', assemblePredictor(isvc, runtime).autoscaler],
])('the recorded %s has everything that is assembled', (file, assembled) => {
  const owned: unknown = JSON.parse(JSON.stringify(readRecorded(file)).replaceAll(/0dfd8561[-\w]+/g, 'isvc-uid'))
  expect(isJsonObject(owned) && hasEverything(owned, assembled)).toBe(true)
})

const variants: { name: string; isvc: InferenceService; runtime?: ServingRuntime }[] = [
  { name: 'another-name', isvc: withMetadata({ name: 'phi', namespace: 'research' }) },
  { name: 'replicas', isvc: withPredictor({ minReplicas: 2, maxReplicas: 5 }) },
  { name: 'zero-replicas', isvc: withPredictor({ minReplicas: 0, maxReplicas: 0 }) },
  {
    name: 'no-autoscaler',
    isvc: {
      ...withPredictor({ minReplicas: 3 }),
      metadata: { ...isvc.metadata, annotations: { 'serving.kserve.io/autoscalerClass': 'none' } },
    },
  },
  {
    name: 'env',
    isvc: withModel({
      env: [
        { name: 'NIM_MAX_MODEL_LEN', value: '4096' },
        { name: 'NGC_API_KEY', value: 'plain' },
        { name: 'NIM_CACHE_PATH', value: '/mnt/other' },
      ],
    }),
  },
  { name: 'args', isvc: withModel({ args: ['--verbose'] }), runtime: withContainer({ args: ['serve'] }) },
  { name: 'recreate', isvc: withPredictor({ deploymentStrategy: { type: 'Recreate' } }) },
  {
    name: 'placement',
    isvc: withPredictor({
      nodeSelector: { 'nvidia.com/gpu.product': 'NVIDIA-H100' },
      tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
    }),
    runtime: withRuntime({
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'replaced', operator: 'Exists' }],
    }),
  },
  {
    name: 'probes-of-the-runtime',
    isvc,
    runtime: withContainer({
      readinessProbe: { httpGet: { path: '/v1/health/ready', port: 8000 }, periodSeconds: 5 },
      startupProbe: { httpGet: { path: '/v1/health/ready', port: 8000 }, failureThreshold: 600 },
    }),
  },
  {
    name: 'labels-and-annotations',
    isvc: {
      ...withPredictor({ labels: { tier: 'predictor' }, annotations: { note: 'predictor' } }),
      metadata: {
        ...isvc.metadata,
        labels: { 'opendatahub.io/dashboard': 'true', tier: 'isvc', 'networking.kserve.io/visibility': 'exposed' },
        annotations: {
          'kubectl.kubernetes.io/last-applied-configuration': '{}',
          'security.opendatahub.io/enable-auth': 'true',
          note: 'isvc',
        },
      },
    },
    runtime: withRuntime({
      labels: { tier: 'runtime', from: 'runtime' },
      annotations: { 'prometheus.io/path': '/v1/metrics', 'prometheus.io/port': '8000', note: 'runtime' },
    }),
  },
  {
    name: 'two-ports-and-a-sidecar',
    isvc,
    runtime: withRuntime({
      containers: [
        { name: 'proxy', image: 'proxy:1' },
        ...withContainer({
          ports: [
            { name: 'http1', containerPort: 8000 },
            { name: 'grpc', containerPort: 9000 },
          ],
        }).spec.containers,
      ],
    }),
  },
  { name: 'placeholders', isvc, runtime: withContainer({ args: ['--name={{.Name}}', '{{ .Namespace }}'] }) },
  { name: 'storage-uri', isvc: withModel({ storageUri: 'pvc://models/llama' }) },
  { name: 'stopped', isvc: withMetadata({ annotations: { 'serving.kserve.io/stop': 'True' } }) },
]

test.each(variants)('assembles: $name', async ({ name, isvc, runtime: other = runtime }) => {
  const { deployment, service, autoscaler } = assemblePredictor(isvc, other)
  const documents = [service, deployment, ...(autoscaler ? [autoscaler] : [])]
  const yaml = documents.map((document) => stringify(document, { aliasDuplicateObjects: false })).join('---\n')
  await expect(yaml).toMatchFileSnapshot(`testdata/variants/${name}.yaml`)
})

test.each([
  ['without containers', withRuntime({ containers: [] }), 'no container configuration found'],
  ['without the container of the model', withContainer({ name: 'server' }), 'failed to find kserve-container'],
  ['with a placeholder nobody knows', withContainer({ args: ['{{.Spec}}'] }), 'failed to replace placeholders'],
])('a runtime %s is refused', (_name, broken, message) => {
  expect(() => assemblePredictor(isvc, broken)).toThrow(PredictorSpecError)
  expect(() => assemblePredictor(isvc, broken)).toThrow(message)
})
