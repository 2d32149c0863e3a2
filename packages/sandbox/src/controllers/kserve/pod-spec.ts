import type { Container, InferenceService, PodSpec, PredictorSpec, Probe, ServingRuntime } from '@nexus/kube'
import { MODEL_CONTAINER, TRANSFORMER_CONTAINER } from './names.ts'
import { mergeContainer, mergePodFields } from './strategic-merge.ts'

/** Why no pod can be made of a ServingRuntime and an InferenceService; KServe's words. */
export class PredictorSpecError extends Error {
  override readonly name = 'PredictorSpecError'
}

/**
 * The pod of a predictor: `buildPodSpec` and `buildPredictorResources` in components/predictor.go, then the defaults of
 * `setDefaultPodSpec` in reconcilers/deployment/deployment_reconciler.go.
 *
 * @throws PredictorSpecError when the runtime has no container for the model, or a placeholder KServe does not know
 */
export function assemblePodSpec(isvc: InferenceService, runtime: ServingRuntime): PodSpec {
  const model = runtime.spec.containers.find(({ name }) => name === MODEL_CONTAINER)
  if (runtime.spec.containers.length === 0) {
    throw new PredictorSpecError('no container configuration found in selected serving runtime')
  }
  if (model === undefined)
    throw new PredictorSpecError(`failed to find ${MODEL_CONTAINER} in ServingRuntime containers`)
  const merged = withPlaceholders(mergeContainer(model, modelOverlay(isvc.spec.predictor)), isvc)
  const containers = [merged, ...otherContainers(runtime)].map((container) =>
    withDefaults(withServiceName(container, isvc.metadata.name)),
  )
  return {
    ...mergePodFields(runtimePodFields(runtime), predictorPodFields(isvc.spec.predictor)),
    containers,
    ...podDefaults(isvc.spec.predictor, runtime),
  }
}

/** What `spec.predictor.model` says about the container; the rest of it is about the model. */
function modelOverlay({ model }: PredictorSpec): Partial<Container> {
  if (model === undefined) return {}
  const { modelFormat: _format, runtime: _runtime, storageUri: _uri, ...container } = model
  return container
}

/** The transformer first, then the others as they stand in the runtime. */
function otherContainers(runtime: ServingRuntime): Container[] {
  const isTransformer = ({ name }: Container) => name === TRANSFORMER_CONTAINER
  const others = runtime.spec.containers.filter(({ name }) => name !== MODEL_CONTAINER)
  return [...others.filter(isTransformer), ...others.filter((container) => !isTransformer(container))]
}

/** Only these pod fields of a runtime count (`MergePodSpec`). */
function runtimePodFields({ spec }: ServingRuntime): Partial<PodSpec> {
  const { nodeSelector, affinity, tolerations, volumes, imagePullSecrets, schedulerName } = spec
  return definedOnly({ nodeSelector, affinity, tolerations, volumes, imagePullSecrets, schedulerName })
}

/** The predictor's own pod fields: everything that is not about scaling, rollout or the model. */
function predictorPodFields(predictor: PredictorSpec): Partial<PodSpec> {
  const {
    minReplicas: _min,
    maxReplicas: _max,
    deploymentStrategy: _strategy,
    labels: _labels,
    annotations: _annotations,
    model: _model,
    ...pod
  } = predictor
  return pod
}

function definedOnly<T extends object>(object: { [K in keyof T]: T[K] | undefined }): Partial<T> {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- undefined fields are gone, which the type cannot say
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>
}

const PLACEHOLDER = /\{\{\s*\.(\w+)(?:\.([\w./-]+))?\s*\}\}/g

/** `{{.Name}}`, `{{.Namespace}}`, `{{.Labels.x}}` and `{{.Annotations.x}}` of a runtime's container (`ReplacePlaceholders`). */
function withPlaceholders(container: Container, { metadata }: InferenceService): Container {
  const values: Record<string, string | Record<string, string> | undefined> = {
    Name: metadata.name,
    Namespace: metadata.namespace,
    Labels: metadata.labels ?? {},
    Annotations: metadata.annotations ?? {},
  }
  function valueOf(whole: string, field: string, key: string | undefined): string {
    const value = values[field]
    if (typeof value === 'string' && key === undefined) return value
    if (typeof value === 'object' && key !== undefined) return value[key] ?? '<no value>'
    throw new PredictorSpecError(
      `failed to replace placeholders in serving runtime container ${container.name}: ${whole}`,
    )
  }
  return mapStrings(container, (text) => text.replaceAll(PLACEHOLDER, valueOf))
}

function mapStrings<T>(value: T, map: (text: string) => string): T {
  const visit = (item: unknown): unknown => {
    if (typeof item === 'string') return map(item)
    if (Array.isArray(item)) return item.map(visit)
    if (typeof item !== 'object' || item === null) return item
    return Object.fromEntries(Object.entries(item).map(([key, inner]) => [key, visit(inner)]))
  }
  // oxlint-disable-next-line typescript/consistent-type-assertions -- strings become strings, so the shape stays
  return visit(value) as T
}

/** Every container learns the name of its InferenceService (`AddEnvVarToPodSpec`): replaced in place, else last. */
function withServiceName(container: Container, value: string): Container {
  const name = 'INFERENCE_SERVICE_NAME'
  const env = container.env ?? []
  const known = env.some((entry) => entry.name === name)
  return {
    ...container,
    env: known ? env.map((entry) => (entry.name === name ? { ...entry, value } : entry)) : [...env, { name, value }],
  }
}

function withDefaults(container: Container): Container {
  const serves = container.name === MODEL_CONTAINER || container.name === TRANSFORMER_CONTAINER
  return {
    ...container,
    terminationMessagePath: container.terminationMessagePath ?? '/dev/termination-log',
    terminationMessagePolicy: container.terminationMessagePolicy ?? 'File',
    imagePullPolicy: container.imagePullPolicy ?? 'IfNotPresent',
    ...(serves && { readinessProbe: container.readinessProbe ?? portProbe(container) }),
  }
}

/** The probe of a container that brings none: its first port, or 8080. */
function portProbe(container: Container): Probe {
  const port = container.ports?.[0]?.containerPort ?? 8080
  return { tcpSocket: { port }, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 }
}

function podDefaults(predictor: PredictorSpec, runtime: ServingRuntime): Partial<PodSpec> {
  return {
    dnsPolicy: predictor.dnsPolicy ?? 'ClusterFirst',
    restartPolicy: predictor.restartPolicy ?? 'Always',
    terminationGracePeriodSeconds: predictor.terminationGracePeriodSeconds ?? 30,
    securityContext: predictor.securityContext ?? {},
    schedulerName: predictor.schedulerName ?? runtime.spec.schedulerName ?? 'default-scheduler',
  }
}
