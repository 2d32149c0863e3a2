import { predictorName } from '@nexus/core'
import { ownerReferenceTo } from '@nexus/kube'
import type {
  ConfigMap,
  ContainerPort,
  Deployment,
  HorizontalPodAutoscaler,
  InferenceService,
  ObjectMeta,
  PodSpec,
  Service,
  ServicePort,
  ServingRuntime,
} from '@nexus/kube'
import {
  agentAnnotations,
  AUTOSCALER_CLASS,
  COMPONENT_LABEL,
  INFERENCE_SERVICE_LABEL,
  isStopped,
  modelConfigName,
  propagated,
  TRANSFORMER_CONTAINER,
} from './names.ts'
import { assemblePodSpec } from './pod-spec.ts'

/** What an InferenceService of Standard mode consists of. `autoscaler` is undefined where its class wants none. */
export interface PredictorResources {
  readonly deployment: Deployment
  readonly service: Service
  readonly autoscaler: HorizontalPodAutoscaler | undefined
}

/**
 * The objects KServe makes of an InferenceService and its ServingRuntime, with every default that KServe sets itself.
 *
 * @throws PredictorSpecError when no pod can be made of them
 */
export function assemblePredictor(isvc: InferenceService, runtime: ServingRuntime): PredictorResources {
  const metadata = predictorMetadata(isvc, runtime)
  const podSpec = assemblePodSpec(isvc, runtime)
  return {
    deployment: assembleDeployment(isvc, metadata, podSpec),
    service: assembleService(isvc, metadata, podSpec),
    autoscaler: wantsAutoscaler(metadata) ? assembleAutoscaler(isvc, metadata) : undefined,
  }
}

/** `app` of the pods and the selectors (`GetRawServiceLabel`). */
export function appLabel(isvc: InferenceService): string {
  return `isvc.${predictorName(isvc.metadata.name)}`
}

/**
 * Labels and annotations of all three objects and of the pods: the runtime's, overruled by the InferenceService's,
 * overruled by the predictor's (`buildObjectMeta` in components/predictor.go). `app` comes with the Deployment's pods,
 * whose metadata the others share (`createRawDefaultDeployment`).
 */
function predictorMetadata(isvc: InferenceService, runtime: ServingRuntime): ObjectMeta & { labels: object } {
  const { name, namespace, labels, annotations } = isvc.metadata
  const { predictor } = isvc.spec
  return {
    name: predictorName(name),
    ...(namespace !== undefined && { namespace }),
    labels: {
      ...runtime.spec.labels,
      ...labels,
      ...predictor.labels,
      [INFERENCE_SERVICE_LABEL]: name,
      [COMPONENT_LABEL]: 'predictor',
      app: appLabel(isvc),
    },
    annotations: {
      ...propagated(runtime.spec.annotations),
      ...propagated(annotations),
      ...storageAnnotations(isvc),
      ...propagated(predictor.annotations),
    },
  }
}

function storageAnnotations({ metadata, spec }: InferenceService): Record<string, string> {
  const uri = spec.predictor.model?.storageUri
  if (uri === undefined) return agentAnnotations(metadata.name)
  return { 'internal.serving.kserve.io/storage-initializer-sourceuri': uri }
}

function assembleDeployment(isvc: InferenceService, metadata: ObjectMeta, podSpec: PodSpec): Deployment {
  const { deploymentStrategy, minReplicas } = isvc.spec.predictor
  const rolling = { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } } as const
  const fixedReplicas = metadata.annotations?.[AUTOSCALER_CLASS] === 'none' ? minReplicas : undefined
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...metadata, ownerReferences: [ownerReferenceTo(isvc, { controller: true })] },
    spec: {
      // Without a fixed number the autoscaler sets it; the API server starts with 1.
      ...(fixedReplicas !== undefined && { replicas: fixedReplicas }),
      selector: { matchLabels: { app: appLabel(isvc) } },
      template: { metadata, spec: podSpec },
      strategy: deploymentStrategy ?? rolling,
      // KServe leaves these two to the API server where a strategy is given; its defaults are the same.
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    },
  }
}

/** `createDefaultSvc` in reconcilers/service/service_reconciler.go: port 80 leads to the first container port. */
function assembleService(isvc: InferenceService, metadata: ObjectMeta, podSpec: PodSpec): Service {
  const serving = podSpec.containers.find(({ name }) => name === TRANSFORMER_CONTAINER) ?? podSpec.containers[0]
  const [first, ...others] = serving?.ports ?? []
  const ports =
    first === undefined
      ? [{ name: metadata.name, port: 80, targetPort: 8080, protocol: 'TCP' as const }]
      : [servicePort(first, 80), ...others.map((port) => servicePort(port, port.containerPort))]
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadata, ownerReferences: [ownerReferenceTo(isvc, { controller: true })] },
    spec: { selector: { app: appLabel(isvc) }, ports },
  }
}

function servicePort({ name, containerPort, protocol = 'TCP' }: ContainerPort, port: number): ServicePort {
  const speaksHttp2 = name !== undefined && /grpc|h2c/.test(name)
  return {
    ...(name !== undefined && { name }),
    port,
    targetPort: containerPort,
    protocol,
    ...(speaksHttp2 && { appProtocol: 'kubernetes.io/h2c' }),
  }
}

/** Without the annotation, or with `hpa` (`shouldCreateHPA` in reconcilers/hpa/hpa_reconciler.go). */
function wantsAutoscaler({ annotations }: ObjectMeta): boolean {
  const wanted = annotations?.[AUTOSCALER_CLASS] ?? 'hpa'
  return wanted === 'hpa' && !isStopped(annotations)
}

/** `createHPA` and `getHPAMetrics`: at least one replica, 80 % CPU. `behavior` is what the API server makes of KServe's `{}`. */
function assembleAutoscaler(isvc: InferenceService, metadata: ObjectMeta): HorizontalPodAutoscaler {
  const minReplicas = Math.max(1, isvc.spec.predictor.minReplicas ?? 1)
  const byPercent = { type: 'Percent', value: 100, periodSeconds: 15 }
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { ...metadata, ownerReferences: [ownerReferenceTo(isvc, { controller: true })] },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: metadata.name },
      minReplicas,
      maxReplicas: Math.max(minReplicas, isvc.spec.predictor.maxReplicas ?? 0),
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
      ],
      behavior: {
        scaleUp: {
          stabilizationWindowSeconds: 0,
          selectPolicy: 'Max',
          policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, byPercent],
        },
        scaleDown: { selectPolicy: 'Max', policies: [byPercent] },
      },
    },
  }
}

/** The empty model list of a predictor without a storage URI (`CreateEmptyModelConfig` in pkg/modelconfig/configmap.go). */
export function assembleModelConfig(isvc: InferenceService): ConfigMap {
  const { name, namespace, labels } = isvc.metadata
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: modelConfigName(name),
      ...(namespace !== undefined && { namespace }),
      ...(labels && { labels }),
      ownerReferences: [ownerReferenceTo(isvc, { controller: true })],
    },
    data: { 'models.json': '[]' },
  }
}
