import type { Container, ServingRuntime } from '@nexus/kube'
import { PLATFORM_NAMESPACE } from './read.ts'
import { toYaml } from './render.ts'

/** The Template every NIM deployment starts from, and the ConfigMap that carries it where no Template kind exists. */
export const NIM_TEMPLATE_NAME = 'nim-http-template'
/** The key of that ConfigMap. */
export const NIM_TEMPLATE_KEY = 'template.yaml'

/** Folders a NIM writes to while its root file system is read-only or owned by another user; NIM 2.x writes under /opt/nim. */
const WRITABLE_FOLDERS = [
  { name: 'nim-workspace', mountPath: '/opt/nim/workspace' },
  { name: 'nim-cache', mountPath: '/.cache' },
  { name: 'nim-nginx', mountPath: '/opt/nim/nginx' },
  { name: 'nim-generated-configs', mountPath: '/opt/nim/generated_configs' },
  { name: 'nim-dot-cache', mountPath: '/opt/nim/.cache' },
  { name: 'nim-dot-config', mountPath: '/opt/nim/.config' },
  { name: 'nim-dot-triton', mountPath: '/opt/nim/.triton' },
] as const

const MODEL_CACHE = '/mnt/models/cache'

/** The Template as YAML, for OpenShift. It holds no secret and names none: each deployment brings its own. */
export function renderNIMTemplate(namespace = PLATFORM_NAMESPACE): string {
  return toYaml({
    apiVersion: 'template.openshift.io/v1',
    kind: 'Template',
    metadata: {
      name: NIM_TEMPLATE_NAME,
      namespace,
      labels: {
        'app.kubernetes.io/part-of': 'nexus',
        'opendatahub.io/dashboard': 'true',
        'opendatahub.io/ootb': 'true',
      },
      annotations: {
        'opendatahub.io/apiProtocol': 'REST',
        'opendatahub.io/modelServingSupport': '["single"]',
        'openshift.io/display-name': 'NVIDIA NIM',
      },
    },
    objects: [nimServingRuntime()],
  })
}

/** The same Template inside a ConfigMap, for clusters without `template.openshift.io`. */
export function renderNIMTemplateConfigMap(namespace = PLATFORM_NAMESPACE): string {
  return toYaml({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: NIM_TEMPLATE_NAME,
      namespace,
      labels: { 'app.kubernetes.io/part-of': 'nexus', 'opendatahub.io/managed': 'true' },
    },
    data: { [NIM_TEMPLATE_KEY]: renderNIMTemplate(namespace) },
  })
}

/** Image and model format are placeholders that a deployment replaces, and so is the claim of the model cache. */
function nimServingRuntime(): ServingRuntime {
  return {
    apiVersion: 'serving.kserve.io/v1alpha1',
    kind: 'ServingRuntime',
    metadata: {
      name: 'nim-http-runtime',
      labels: { 'opendatahub.io/dashboard': 'true' },
      annotations: {
        'opendatahub.io/recommended-accelerators': '["nvidia.com/gpu"]',
        'openshift.io/display-name': 'NVIDIA NIM',
        'runtimes.opendatahub.io/nvidia-nim': 'true',
      },
    },
    spec: {
      annotations: { 'prometheus.io/path': '/v1/metrics', 'prometheus.io/port': '8000' },
      multiModel: false,
      protocolVersions: ['grpc-v2', 'v2'],
      supportedModelFormats: [{ name: 'replace-me' }],
      containers: [nimContainer()],
      volumes: [
        { name: 'nim-pvc', persistentVolumeClaim: { claimName: 'nim-pvc' } },
        ...WRITABLE_FOLDERS.map(({ name }) => ({ name, emptyDir: {} })),
        // Inference servers pass tensors between processes through shared memory; the default of 64 MiB is too small.
        { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '2Gi' } },
      ],
    },
  }
}

/** No resources: they belong to the InferenceService, and sizes in both places would fight. */
function nimContainer(): Container {
  return {
    name: 'kserve-container',
    image: '',
    ports: [{ containerPort: 8000, protocol: 'TCP' }],
    env: [{ name: 'NIM_CACHE_PATH', value: MODEL_CACHE }],
    volumeMounts: [
      { name: 'shm', mountPath: '/dev/shm' },
      { name: 'nim-pvc', mountPath: MODEL_CACHE },
      ...WRITABLE_FOLDERS,
    ],
  }
}
