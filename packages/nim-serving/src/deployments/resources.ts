import { imageOf, NIM_TEMPLATE_NAME } from '@nexus/catalog'
import { apiKeySecretName, imagePullSecretName, pvcName } from '@nexus/core'
import { Kinds } from '@nexus/kube'
import type { Container, InferenceService, Probe, ResourceRequirements, ServingRuntime, Volume } from '@nexus/kube'
import {
  DEPLOYMENT_MODE_ANNOTATION,
  ENABLE_AUTH_ANNOTATION,
  MODEL_TYPE_ANNOTATION,
  NIM_MODEL_TYPE,
} from '../api/InferenceService.ts'
import { DASHBOARD_LABEL, DESCRIPTION_ANNOTATION, DISPLAY_NAME_ANNOTATION } from '../api/metadata.ts'
import { CACHE_VOLUME, NIM_MARKER, servingContainer } from '../api/ServingRuntime.ts'
import type { DeployInput } from '../types.ts'

const CACHE_PATH = '/mnt/models/cache'
const NIM_PORT = 8000

/**
 * Starting a NIM downloads its weights first: an hour (360 × 10 s) before the kubelet restarts the container. The
 * Deployment's progress deadline (600 s, which KServe does not let us set) may pass in between; that is a message, not a
 * failure, and `deploymentState` reads it so.
 */
const STARTUP_PROBE: Probe = {
  httpGet: { path: '/v1/health/ready', port: NIM_PORT },
  periodSeconds: 10,
  timeoutSeconds: 5,
  failureThreshold: 360,
}

/** KServe's own default asks only whether the port is open, which it is long before the model is loaded. */
const READINESS_PROBE: Probe = {
  httpGet: { path: '/v1/health/ready', port: NIM_PORT },
  periodSeconds: 10,
  timeoutSeconds: 5,
  failureThreshold: 3,
}

const LIVENESS_PROBE: Probe = {
  httpGet: { path: '/v1/health/live', port: NIM_PORT },
  periodSeconds: 10,
  timeoutSeconds: 5,
  failureThreshold: 6,
}

/** The name of the PVC a deployment uses. */
export function claimNameOf({ name, storage }: DeployInput): string {
  return storage.mode === 'existing' ? storage.pvc : pvcName(name)
}

/**
 * The ServingRuntime of a deployment: the template with the model, the Secrets, the PVC and the probes filled in.
 * Pure: the template is cloned. The template's own probes, mounts and volumes win over ours.
 */
export function assembleNIMServingRuntime(input: DeployInput, template: ServingRuntime): ServingRuntime {
  const { metadata, spec } = structuredClone(template)
  const server = servingContainer(template)
  return {
    apiVersion: Kinds.ServingRuntime.apiVersion,
    kind: Kinds.ServingRuntime.kind,
    metadata: {
      name: input.name,
      namespace: input.project,
      labels: { ...metadata.labels, [DASHBOARD_LABEL]: 'true' },
      annotations: runtimeAnnotations(metadata.annotations),
    },
    spec: {
      ...spec,
      multiModel: false,
      // One format that nothing else selects: the InferenceService names both it and this runtime.
      supportedModelFormats: [{ name: input.model.name, version: input.tag, autoSelect: false, priority: 1 }],
      imagePullSecrets: [{ name: imagePullSecretName(input.name) }],
      containers: spec.containers.map((container) =>
        container.name === server?.name ? withModel(container, input) : container,
      ),
      volumes: withVolumes(spec.volumes ?? [], input),
    },
  }
}

function runtimeAnnotations(template: Record<string, string> = {}): Record<string, string> {
  return {
    'opendatahub.io/recommended-accelerators': '["nvidia.com/gpu"]',
    'opendatahub.io/apiProtocol': 'REST',
    'opendatahub.io/template-name': NIM_TEMPLATE_NAME,
    'opendatahub.io/template-display-name': 'NVIDIA NIM',
    [DISPLAY_NAME_ANNOTATION]: 'NVIDIA NIM',
    ...template,
    [NIM_MARKER]: 'true',
  }
}

/** The template's container with this model. Its sizes are dropped: they live on the InferenceService. */
function withModel(container: Container, input: DeployInput): Container {
  const { resources: _, ...rest } = container
  return {
    ...rest,
    image: imageOf(input.model, input.tag, input.registry),
    ports: container.ports ?? [{ containerPort: NIM_PORT, protocol: 'TCP' }],
    env: [
      ...(container.env ?? []).filter(({ name }) => name !== 'NIM_CACHE_PATH' && name !== 'NGC_API_KEY'),
      { name: 'NIM_CACHE_PATH', value: cacheMountPath(container) },
      {
        name: 'NGC_API_KEY',
        valueFrom: { secretKeyRef: { name: apiKeySecretName(input.name), key: 'NGC_API_KEY' } },
      },
    ],
    volumeMounts: withMounts(container, input),
    startupProbe: container.startupProbe ?? STARTUP_PROBE,
    readinessProbe: container.readinessProbe ?? READINESS_PROBE,
    livenessProbe: container.livenessProbe ?? LIVENESS_PROBE,
  }
}

function cacheMountPath({ volumeMounts = [] }: Container): string {
  return volumeMounts.find(({ name }) => name === CACHE_VOLUME)?.mountPath ?? CACHE_PATH
}

function withMounts(container: Container, { storage }: DeployInput): NonNullable<Container['volumeMounts']> {
  const others = (container.volumeMounts ?? []).filter(({ name }) => name !== CACHE_VOLUME && name !== 'shm')
  const shm = container.volumeMounts?.find(({ name }) => name === 'shm') ?? { name: 'shm', mountPath: '/dev/shm' }
  const cache = { name: CACHE_VOLUME, mountPath: cacheMountPath(container) }
  const subPath = storage.mode === 'existing' ? storage.subPath : undefined
  return [shm, subPath === undefined || subPath === '' ? cache : { ...cache, subPath }, ...others]
}

/** The volume of the weights keeps its name, only its claim changes; shared memory is added where the template forgot it. */
function withVolumes(volumes: Volume[], input: DeployInput): Volume[] {
  const others = volumes.filter(({ name }) => name !== CACHE_VOLUME && name !== 'shm')
  const shm = volumes.find(({ name }) => name === 'shm') ?? {
    name: 'shm',
    emptyDir: { medium: 'Memory', sizeLimit: '2Gi' },
  }
  return [{ name: CACHE_VOLUME, persistentVolumeClaim: { claimName: claimNameOf(input) } }, shm, ...others]
}

/**
 * The InferenceService of a deployment. Pure.
 * No `storageUri`: KServe would mount it read-only over the folder NIM writes its weights to.
 */
export function assembleNIMInferenceService(input: DeployInput): InferenceService {
  return {
    apiVersion: Kinds.InferenceService.apiVersion,
    kind: Kinds.InferenceService.kind,
    metadata: {
      name: input.name,
      namespace: input.project,
      labels: { [DASHBOARD_LABEL]: 'true' },
      annotations: {
        [DISPLAY_NAME_ANNOTATION]: input.displayName,
        [DESCRIPTION_ANNOTATION]: input.description,
        [MODEL_TYPE_ANNOTATION]: NIM_MODEL_TYPE,
        [DEPLOYMENT_MODE_ANNOTATION]: 'RawDeployment',
        [ENABLE_AUTH_ANNOTATION]: 'false',
      },
    },
    spec: {
      predictor: {
        minReplicas: input.replicas,
        maxReplicas: input.replicas,
        deploymentStrategy: { type: input.strategy },
        model: {
          modelFormat: { name: input.model.name },
          runtime: input.name,
          resources: resourcesOf(input),
          ...(input.args.length === 0 ? {} : { args: [...input.args] }),
          ...(input.env.length === 0 ? {} : { env: input.env.map((variable) => ({ ...variable })) }),
        },
      },
    },
  }
}

function resourcesOf({ resources, gpus }: DeployInput): ResourceRequirements {
  const gpu = gpus === 0 ? {} : { 'nvidia.com/gpu': String(gpus) }
  return { requests: { ...resources.requests, ...gpu }, limits: { ...resources.limits, ...gpu } }
}
