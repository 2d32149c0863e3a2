import { imageOf } from '@nexus/catalog'
import { Kinds } from '@nexus/kube'
import type { Container, InferenceService, Probe, ServingRuntime, Volume } from '@nexus/kube'
import { DEPLOYMENT_MODE_ANNOTATION, MODEL_TYPE_ANNOTATION, NIM_MODEL_TYPE } from '../api/InferenceService.ts'
import { DASHBOARD_LABEL, DISPLAY_NAME_ANNOTATION } from '../api/metadata.ts'
import { CACHE_VOLUME, NIM_MARKER, servingContainer } from '../api/ServingRuntime.ts'
import type { DeployInput } from '../types.ts'
import { configureNIMServingRuntime } from '../utils/templates.ts'
import {
  withArgs,
  withAuth,
  withDescription,
  withDisplayName,
  withEnv,
  withExternalRoute,
  withHardwareProfile,
  withModelReference,
  withPlacement,
  withReplicas,
  withResources,
  withStrategy,
} from './inference-service-fields.ts'

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

/**
 * The ServingRuntime of a deployment: the template with the model, the Secrets, the PVC and the probes filled in.
 * Pure: the template is cloned. The template's own probes, mounts and volumes win over ours.
 */
export function assembleNIMServingRuntime(input: DeployInput, template: ServingRuntime): ServingRuntime {
  const { metadata, spec } = structuredClone(template)
  const server = servingContainer(template)
  const runtime: ServingRuntime = {
    apiVersion: Kinds.ServingRuntime.apiVersion,
    kind: Kinds.ServingRuntime.kind,
    metadata: {
      name: input.names.runtime,
      namespace: input.project,
      labels: { ...metadata.labels, [DASHBOARD_LABEL]: 'true' },
      annotations: runtimeAnnotations(metadata.annotations),
    },
    spec: {
      ...spec,
      multiModel: false,
      // One format that nothing else selects: the InferenceService names both it and this runtime.
      supportedModelFormats: [{ name: input.model.name, version: input.tag, autoSelect: false, priority: 1 }],
      ...pullSecrets(input),
      containers: spec.containers.map((container) =>
        container.name === server?.name ? withModel(container, input) : container,
      ),
      volumes: withSharedMemory(spec.volumes ?? []),
    },
  }
  return configureNIMServingRuntime(runtime, { claimName: input.storage.pvc, subPath: input.storage.subPath })
}

function runtimeAnnotations(template: Record<string, string> = {}): Record<string, string> {
  return {
    'opendatahub.io/recommended-accelerators': '["nvidia.com/gpu"]',
    'opendatahub.io/apiProtocol': 'REST',
    'opendatahub.io/template-display-name': 'NVIDIA NIM',
    [DISPLAY_NAME_ANNOTATION]: 'NVIDIA NIM',
    ...template,
    [NIM_MARKER]: 'true',
  }
}

function pullSecrets({ names: { pullSecret } }: DeployInput): Pick<ServingRuntime['spec'], 'imagePullSecrets'> {
  return pullSecret === undefined ? {} : { imagePullSecrets: [{ name: pullSecret }] }
}

/** The template's container with this model. Its sizes are dropped: they live on the InferenceService. */
function withModel(container: Container, input: DeployInput): Container {
  const { resources: _, ...rest } = container
  return {
    ...rest,
    image: imageOf(input.model, input.tag, input.registry),
    ports: container.ports ?? [{ containerPort: NIM_PORT, protocol: 'TCP' }],
    env: [...ownVariables(container), ...keyVariable(input)],
    volumeMounts: container.volumeMounts?.some(({ name }) => name === 'shm')
      ? container.volumeMounts
      : [{ name: 'shm', mountPath: '/dev/shm' }, ...(container.volumeMounts ?? [])],
    startupProbe: container.startupProbe ?? STARTUP_PROBE,
    readinessProbe: container.readinessProbe ?? READINESS_PROBE,
    livenessProbe: container.livenessProbe ?? LIVENESS_PROBE,
  }
}

/** The template's variables without a key; the cache path, where one is named, is that of the mount. */
function ownVariables({ env = [], volumeMounts = [] }: Container): NonNullable<Container['env']> {
  const mounted = volumeMounts.find(({ name }) => name === CACHE_VOLUME)?.mountPath
  return env
    .filter(({ name }) => name !== 'NGC_API_KEY')
    .map((variable) =>
      variable.name === 'NIM_CACHE_PATH' && mounted !== undefined ? { name: variable.name, value: mounted } : variable,
    )
}

function keyVariable({ names: { apiKeySecret } }: DeployInput): NonNullable<Container['env']> {
  if (apiKeySecret === undefined) return []
  return [{ name: 'NGC_API_KEY', valueFrom: { secretKeyRef: { name: apiKeySecret, key: 'NGC_API_KEY' } } }]
}

/** Shared memory is added where the template forgot it: without it the pod is invalid, and the mount stands for nothing. */
function withSharedMemory(volumes: Volume[]): Volume[] {
  if (volumes.some(({ name }) => name === 'shm')) return volumes
  return [...volumes, { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '2Gi' } }]
}

/**
 * The InferenceService of a deployment. Pure.
 * No `storageUri`: KServe would mount it read-only over the folder NIM writes its weights to.
 */
export function assembleNIMInferenceService(input: DeployInput): InferenceService {
  const empty: InferenceService = {
    apiVersion: Kinds.InferenceService.apiVersion,
    kind: Kinds.InferenceService.kind,
    metadata: {
      name: input.name,
      namespace: input.project,
      labels: { [DASHBOARD_LABEL]: 'true' },
      annotations: { [MODEL_TYPE_ANNOTATION]: NIM_MODEL_TYPE, [DEPLOYMENT_MODE_ANNOTATION]: 'RawDeployment' },
    },
    spec: { predictor: {} },
  }
  const steps = [
    withDisplayName,
    withDescription,
    withAuth,
    withExternalRoute,
    withReplicas,
    withStrategy,
    withModelReference,
    withHardwareProfile,
    withResources,
    withPlacement,
    withArgs,
    withEnv,
  ]
  return steps.reduce((isvc, step) => step(isvc, input), empty)
}
