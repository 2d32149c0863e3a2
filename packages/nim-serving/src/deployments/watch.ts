import { Kinds, startInformer } from '@nexus/kube'
import type { KubeClient } from '@nexus/kube'
import { INFERENCE_SERVICE_LABEL, runtimeNameOf } from '../api/InferenceService.ts'
import { cacheClaimName } from '../api/ServingRuntime.ts'
import type { DeploymentRef } from '../types.ts'
import { followChanges } from './follow.ts'
import type { StartView } from './follow.ts'
import { deploymentsIn, eventsAbout, notFound, podsOf } from './list.ts'
import type { NIMDeployment } from './list.ts'
import { deploymentState } from './state.ts'
import type { DeploymentState } from './state.ts'

export interface WatchOptions {
  readonly signal?: AbortSignal | undefined
  /** Default the present. */
  readonly now?: (() => Date) | undefined
}

/**
 * A deployment's state now, then each time it becomes another, until the deployment is gone, `signal` aborts or the loop
 * is left. The caller decides which state to wait for and how long.
 *
 * `for await (const state of watchNIMDeployment(kube, ref, { signal })) if (state.phase === 'Ready') break`
 * @throws DeployError `NEXUS_DEPLOY_NOT_FOUND`; KubeApiError where a watch ends for good.
 */
export async function* watchNIMDeployment(
  kube: KubeClient,
  ref: DeploymentRef,
  { signal, now = () => new Date() }: WatchOptions = {},
): AsyncGenerator<DeploymentState, void> {
  let seen = false
  for await (const state of followChanges(viewOne(kube, ref, now), { signal })) {
    seen = true
    yield state
  }
  if (!seen && signal?.aborted !== true) throw await notFound(kube, ref, { signal })
}

/**
 * All NIM deployments of a project, or of the cluster, now and after each change, until `signal` aborts or the loop is
 * left. Sorted by project and name.
 * @throws KubeApiError where a watch ends for good.
 */
export function watchNIMDeployments(
  kube: KubeClient,
  { namespace }: { namespace?: string | undefined } = {},
  { signal, now = () => new Date() }: WatchOptions = {},
): AsyncGenerator<readonly NIMDeployment[], void> {
  return followChanges(viewAll(kube, namespace, now), { signal })
}

function viewOne(
  kube: KubeClient,
  { name, project: namespace }: DeploymentRef,
  now: () => Date,
): StartView<DeploymentState> {
  return (options) => {
    const { signal } = options
    const fieldSelector = `metadata.name=${name}`
    const services = startInformer(kube, { kind: Kinds.InferenceService, namespace, fieldSelector }, options)
    const runtimes = startInformer(kube, { kind: Kinds.ServingRuntime, namespace }, options)
    const claims = startInformer(kube, { kind: Kinds.PersistentVolumeClaim, namespace }, options)
    const pods = startInformer(kube, podsOf(name, namespace), options)
    // Events only make a reason more exact: someone who may not read them can still wait for a deployment.
    const events = startInformer(kube, { kind: Kinds.Event, namespace }, { signal })
    return {
      synced: Promise.all([services.synced, runtimes.synced, claims.synced, pods.synced]),
      informers: [services, runtimes, claims, pods, events],
      read() {
        const isvc = services.get(name, namespace)
        if (isvc === undefined) return undefined
        const runtime = runtimes.get(runtimeNameOf(isvc) ?? '', namespace)
        const pvc = claims.get((runtime && cacheClaimName(runtime)) ?? '', namespace)
        const about = eventsAbout(events.list(), name)
        return deploymentState({ isvc, runtime, pvc, pods: pods.list(), events: about, now: now() })
      },
    }
  }
}

function viewAll(kube: KubeClient, namespace: string | undefined, now: () => Date): StartView<NIMDeployment[]> {
  return (options) => {
    const labelSelector = INFERENCE_SERVICE_LABEL
    const services = startInformer(kube, { kind: Kinds.InferenceService, namespace }, options)
    const runtimes = startInformer(kube, { kind: Kinds.ServingRuntime, namespace }, options)
    const claims = startInformer(kube, { kind: Kinds.PersistentVolumeClaim, namespace }, options)
    const pods = startInformer(kube, { kind: Kinds.Pod, namespace, labelSelector }, options)
    return {
      synced: Promise.all([services.synced, runtimes.synced, claims.synced, pods.synced]),
      informers: [services, runtimes, claims, pods],
      read: () =>
        deploymentsIn(
          { services: services.list(), runtimes: runtimes.list(), claims: claims.list(), pods: pods.list() },
          now(),
        ),
    }
  }
}
