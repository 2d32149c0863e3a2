import { nearest } from '@nexus/core'
import { Kinds } from '@nexus/kube'
import type {
  CallOptions,
  Event,
  InferenceService,
  KubeClient,
  ListQuery,
  PersistentVolumeClaim,
  Pod,
  ServingRuntime,
} from '@nexus/kube'
import { claimsToBeNIM, INFERENCE_SERVICE_LABEL, runtimeNameOf } from '../api/InferenceService.ts'
import { DISPLAY_NAME_ANNOTATION } from '../api/metadata.ts'
import { cacheClaimName, isNIMServingRuntime, servingContainer, tagOfImage } from '../api/ServingRuntime.ts'
import { DeployError } from '../errors.ts'
import type { DeploymentParts, DeploymentRef } from '../types.ts'
import { endpointsOf } from './endpoints.ts'
import type { Endpoints } from './endpoints.ts'
import { getOrUndefined } from './existing.ts'
import { deploymentState } from './state.ts'
import type { DeploymentState } from './state.ts'

/** A NIM deployment as people see it, with the objects it was read from. */
export interface NIMDeployment extends DeploymentParts {
  readonly name: string
  readonly project: string
  readonly displayName: string
  /** The catalog name of the model, undefined where the InferenceService names no format. */
  readonly model: string | undefined
  readonly image: string | undefined
  readonly tag: string | undefined
  /** As many as run at least. */
  readonly replicas: number
  /** As many as an autoscaler may run; equal to `replicas` where none scales. */
  readonly maxReplicas: number
  /** GPUs of one replica. */
  readonly gpus: number
  /** RFC 3339. */
  readonly createdAt: string | undefined
  readonly pvcName: string | undefined
  readonly endpoints: Endpoints
  readonly state: DeploymentState
}

export interface ReadOptions extends CallOptions {
  /** Default the present. */
  readonly now?: Date | undefined
}

/**
 * All NIM deployments of a project, or of the cluster, in four lists, however many there are. Sorted by project and name.
 * @throws KubeApiError
 */
export async function listNIMDeployments(
  kube: KubeClient,
  { namespace }: { namespace?: string | undefined } = {},
  { now = new Date(), ...options }: ReadOptions = {},
): Promise<NIMDeployment[]> {
  const [services, runtimes, pods, claims] = await Promise.all([
    kube.list({ kind: Kinds.InferenceService, namespace }, options),
    kube.list({ kind: Kinds.ServingRuntime, namespace }, options),
    kube.list({ kind: Kinds.Pod, namespace, labelSelector: INFERENCE_SERVICE_LABEL }, options),
    kube.list({ kind: Kinds.PersistentVolumeClaim, namespace }, options),
  ])
  const objects = { services: services.items, runtimes: runtimes.items, pods: pods.items, claims: claims.items }
  return deploymentsIn(objects, now)
}

/** Objects of a project, or of a cluster, among which the deployments are. */
export interface ListedObjects {
  readonly services: readonly InferenceService[]
  readonly runtimes: readonly ServingRuntime[]
  readonly pods: readonly Pod[]
  readonly claims: readonly PersistentVolumeClaim[]
}

/** The NIM deployments among objects, sorted by project and name. Pure. */
export function deploymentsIn({ services, runtimes, pods, claims }: ListedObjects, now: Date): NIMDeployment[] {
  const runtimeAt = byPlace(runtimes)
  const claimAt = byPlace(claims)
  const podsAt = Map.groupBy(pods, (pod) => placeOf(pod, pod.metadata.labels?.[INFERENCE_SERVICE_LABEL]))
  return services
    .map((isvc) => {
      const runtime = runtimeAt.get(placeOf(isvc, runtimeNameOf(isvc)))
      const pvc = claimAt.get(placeOf(isvc, runtime && cacheClaimName(runtime)))
      return { isvc, runtime, pvc, pods: podsAt.get(placeOf(isvc, isvc.metadata.name)) ?? [] }
    })
    .filter(isNIM)
    .map((parts) => toNIMDeployment(parts, [], now))
    .sort((a, b) => a.project.localeCompare(b.project) || a.name.localeCompare(b.name))
}

/**
 * One NIM deployment, with the events that explain its state.
 * @throws DeployError `NEXUS_DEPLOY_NOT_FOUND` naming the nearest, or `NEXUS_DEPLOY_NOT_NIM`; KubeApiError.
 */
export async function getNIMDeployment(
  kube: KubeClient,
  ref: DeploymentRef,
  options: ReadOptions = {},
): Promise<NIMDeployment> {
  return (await readNIMDeployment(kube, ref, options)).deployment
}

/** The same with those events, in no order. */
export async function readNIMDeployment(
  kube: KubeClient,
  { name, project: namespace }: DeploymentRef,
  { now = new Date(), ...options }: ReadOptions = {},
): Promise<{ deployment: NIMDeployment; events: Event[] }> {
  const isvc = await getOrUndefined(kube, { kind: Kinds.InferenceService, name, namespace }, options)
  if (isvc === undefined) throw await notFound(kube, { name, project: namespace }, options)
  const runtimeName = runtimeNameOf(isvc)
  const [runtime, pods, events] = await Promise.all([
    runtimeName === undefined
      ? undefined
      : getOrUndefined(kube, { kind: Kinds.ServingRuntime, name: runtimeName, namespace }, options),
    kube.list(podsOf(name, namespace), options),
    kube.list({ kind: Kinds.Event, namespace }, options),
  ])
  if (!isNIM({ isvc, runtime })) throw notNIM(name, namespace)
  const claim = runtime && cacheClaimName(runtime)
  const pvc =
    claim === undefined
      ? undefined
      : await getOrUndefined(kube, { kind: Kinds.PersistentVolumeClaim, name: claim, namespace }, options)
  const about = eventsAbout(events.items, name)
  return { deployment: toNIMDeployment({ isvc, runtime, pvc, pods: pods.items }, about, now), events: about }
}

/** The pods of a deployment. */
export function podsOf(name: string, namespace: string): ListQuery<Pod> {
  return { kind: Kinds.Pod, namespace, labelSelector: `${INFERENCE_SERVICE_LABEL}=${name}` }
}

/** The events about a deployment's objects, which are all named after it. */
export function eventsAbout(events: readonly Event[], name: string): Event[] {
  return events.filter(({ involvedObject }) => {
    const about = involvedObject.name ?? ''
    return about === name || about === `${name}-predictor` || about.startsWith(`${name}-predictor-`)
  })
}

/** Whether an InferenceService is a NIM: its ServingRuntime says so, or it does where the ServingRuntime is gone. */
export function isNIM({ isvc, runtime }: Pick<DeploymentParts, 'isvc' | 'runtime'>): boolean {
  return runtime === undefined ? claimsToBeNIM(isvc) : isNIMServingRuntime(runtime)
}

/** The error for a name that no NIM deployment has. */
export async function notFound(kube: KubeClient, ref: DeploymentRef, options?: CallOptions): Promise<DeployError> {
  const { items } = await kube.list({ kind: Kinds.InferenceService, namespace: ref.project }, options)
  const names = items.map(({ metadata }) => metadata.name)
  const similar = nearest(ref.name, names)
  const list = `nexus list -n ${ref.project}`
  return new DeployError('NEXUS_DEPLOY_NOT_FOUND', `There is no deployment "${ref.name}" in ${ref.project}.`, {
    hint: similar.length === 0 ? `See what there is: ${list}` : `Did you mean ${similar.join(', ')}? See all: ${list}`,
  })
}

export function notNIM(name: string, project: string): DeployError {
  return new DeployError('NEXUS_DEPLOY_NOT_NIM', `The InferenceService "${name}" in ${project} is no NIM deployment.`, {
    hint: `Look at it with kubectl: kubectl get inferenceservice ${name} -n ${project} -o yaml`,
  })
}

function toNIMDeployment(parts: DeploymentParts, events: readonly Event[], now: Date): NIMDeployment {
  const { isvc, runtime } = parts
  const { name, namespace = '', annotations = {}, creationTimestamp } = isvc.metadata
  const { predictor } = isvc.spec
  const image = runtime && servingContainer(runtime)?.image
  const { minReplicas = 1 } = predictor
  return {
    ...parts,
    name,
    project: namespace,
    displayName: annotations[DISPLAY_NAME_ANNOTATION] ?? name,
    model: predictor.model?.modelFormat.name,
    image,
    tag: image === undefined ? undefined : tagOfImage(image),
    replicas: minReplicas,
    maxReplicas: Math.max(minReplicas, predictor.maxReplicas ?? minReplicas),
    gpus: Number(predictor.model?.resources?.limits?.['nvidia.com/gpu'] ?? 0),
    createdAt: creationTimestamp,
    pvcName: runtime && cacheClaimName(runtime),
    endpoints: endpointsOf(isvc),
    state: deploymentState({ ...parts, events, now }),
  }
}

type Placed = InferenceService | ServingRuntime | Pod

function placeOf({ metadata }: { metadata: Placed['metadata'] }, name = ''): string {
  return `${metadata.namespace}/${name}`
}

function byPlace<T extends { metadata: Placed['metadata'] }>(objects: readonly T[]): Map<string, T> {
  return new Map(objects.map((object) => [placeOf(object, object.metadata.name), object]))
}
