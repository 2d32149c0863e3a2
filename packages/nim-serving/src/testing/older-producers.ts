import type { EnvVar, InferenceService, PersistentVolumeClaim, ServingRuntime } from '@nexus/kube'

// Deployments as two older dashboards write them: the modal of the legacy dashboard, and the first wizard. Both share two
// Secrets among all deployments of a project, and name the volume of the weights after its PVC.

export interface OlderDeployment {
  readonly runtime: ServingRuntime
  readonly isvc: InferenceService
  readonly pvc: PersistentVolumeClaim
}

export interface OlderNames {
  readonly name: string
  readonly project: string
  /** The modal names a runtime after the display name, which may differ from the InferenceService's name. */
  readonly runtimeName?: string
  readonly pvcName?: string
}

export const SHARED_KEY_SECRET = 'nvidia-nim-secrets'
export const SHARED_PULL_SECRET = 'ngc-secret'

/** A deployment of the legacy dashboard's modal. */
export function modalDeployment(names: OlderNames): OlderDeployment {
  const { name, project, runtimeName = name, pvcName = `nim-pvc-1768000000000${name.length}` } = names
  const isvc: InferenceService = {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: {
      name,
      namespace: project,
      labels: { 'opendatahub.io/dashboard': 'true' },
      annotations: {
        'openshift.io/display-name': name,
        'serving.kserve.io/deploymentMode': 'RawDeployment',
        ...HARDWARE_PROFILE,
      },
    },
    spec: {
      predictor: {
        minReplicas: 1,
        maxReplicas: 2,
        model: { modelFormat: { name: MODEL }, runtime: runtimeName, resources: RESOURCES, args: [], env: [] },
      },
    },
  }
  return {
    runtime: olderRuntime({
      name: runtimeName,
      project,
      pvcName,
      displayName: runtimeName,
      template: 'nvidia-nim-runtime',
    }),
    isvc,
    pvc: olderPVC(pvcName, project),
  }
}

/** A deployment of the first wizard on KServe: no deployment mode, a strategy, the kind of the model as an annotation. */
export function wizardDeployment({ name, project, runtimeName = name, pvcName = name }: OlderNames): OlderDeployment {
  const pvc = olderPVC(pvcName, project, {
    labels: { 'opendatahub.io/dashboard': 'true' },
    annotations: { 'dashboard.opendatahub.io/nim-pvc': 'true', 'dashboard.opendatahub.io/nim-subpath': 'weights' },
  })
  const isvc: InferenceService = {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: {
      name,
      namespace: project,
      labels: { 'opendatahub.io/dashboard': 'true', 'networking.kserve.io/visibility': 'exposed' },
      annotations: {
        'openshift.io/display-name': name,
        'openshift.io/description': '',
        'security.opendatahub.io/enable-auth': 'true',
        'opendatahub.io/model-type': 'NVIDIA NIM',
        ...HARDWARE_PROFILE,
      },
    },
    spec: {
      predictor: {
        minReplicas: 1,
        maxReplicas: 1,
        deploymentStrategy: { type: 'RollingUpdate' },
        model: { modelFormat: { name: MODEL }, runtime: runtimeName, resources: RESOURCES },
      },
    },
  }
  const template = 'odh-nim-account-template'
  return {
    runtime: olderRuntime({
      name: runtimeName,
      project,
      pvcName,
      displayName: 'NVIDIA NIM',
      template,
      subPath: 'weights',
    }),
    isvc,
    pvc,
  }
}

const MODEL = 'llama-3.1-8b-instruct'
const IMAGE = `nvcr.io/nim/meta/${MODEL}:1.8.4`
const RESOURCES = {
  requests: { cpu: '1', memory: '4Gi', 'nvidia.com/gpu': '1' },
  limits: { cpu: '2', memory: '8Gi', 'nvidia.com/gpu': '1' },
}
const HARDWARE_PROFILE = {
  'opendatahub.io/hardware-profile-name': 'one-gpu',
  'opendatahub.io/hardware-profile-namespace': 'redhat-ods-applications',
  'opendatahub.io/hardware-profile-resource-version': '4711',
}
const SCRATCH = {
  'nim-workspace': '/opt/nim/workspace',
  'nim-cache': '/.cache',
  'nim-nginx': '/opt/nim/nginx',
  'nim-generated-configs': '/opt/nim/generated_configs',
  'nim-dot-cache': '/opt/nim/.cache',
  'nim-dot-config': '/opt/nim/.config',
  'nim-dot-triton': '/opt/nim/.triton',
}

interface OlderRuntime {
  readonly name: string
  readonly project: string
  readonly pvcName: string
  readonly displayName: string
  readonly template: string
  readonly subPath?: string
}

function olderRuntime({ name, project, pvcName, displayName, template, subPath }: OlderRuntime): ServingRuntime {
  const cache = { name: pvcName, mountPath: '/mnt/models/cache' }
  return {
    apiVersion: 'serving.kserve.io/v1alpha1',
    kind: 'ServingRuntime',
    metadata: {
      name,
      namespace: project,
      labels: { 'opendatahub.io/dashboard': 'true' },
      annotations: {
        'opendatahub.io/recommended-accelerators': '["nvidia.com/gpu"]',
        'runtimes.opendatahub.io/nvidia-nim': 'true',
        'opendatahub.io/apiProtocol': 'REST',
        'openshift.io/display-name': displayName,
        'opendatahub.io/template-name': template,
        'opendatahub.io/template-display-name': 'NVIDIA NIM',
      },
    },
    spec: {
      annotations: { 'prometheus.io/path': '/v1/metrics', 'prometheus.io/port': '8000' },
      multiModel: false,
      protocolVersions: ['grpc-v2', 'v2'],
      supportedModelFormats: [{ name: MODEL, version: '1.8.4', autoSelect: false, priority: 1 }],
      imagePullSecrets: [{ name: SHARED_PULL_SECRET }],
      containers: [
        {
          name: 'kserve-container',
          image: IMAGE,
          ports: [{ containerPort: 8000, protocol: 'TCP' }],
          env: sharedEnv(),
          volumeMounts: [
            { name: 'shm', mountPath: '/dev/shm' },
            subPath === undefined ? cache : { ...cache, subPath },
            ...Object.entries(SCRATCH).map(([volume, mountPath]) => ({ name: volume, mountPath })),
          ],
        },
      ],
      volumes: [
        { name: pvcName, persistentVolumeClaim: { claimName: pvcName } },
        ...Object.keys(SCRATCH).map((volume) => ({ name: volume, emptyDir: {} })),
        { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '2Gi' } },
      ],
    },
  }
}

function sharedEnv(): EnvVar[] {
  return [
    { name: 'NIM_CACHE_PATH', value: '/mnt/models/cache' },
    { name: 'NGC_API_KEY', valueFrom: { secretKeyRef: { name: SHARED_KEY_SECRET, key: 'NGC_API_KEY' } } },
  ]
}

function olderPVC(
  name: string,
  namespace: string,
  more: { labels?: Record<string, string>; annotations?: Record<string, string> } = {},
): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name,
      namespace,
      labels: { 'opendatahub.io/managed': 'true', ...more.labels },
      annotations: { 'openshift.io/display-name': name, ...more.annotations },
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      volumeMode: 'Filesystem',
      resources: { requests: { storage: '30Gi' } },
    },
  }
}
