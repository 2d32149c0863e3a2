import { predictorName } from '@nexus/core'
import { isNotFound, KubeApiError, Kinds } from '@nexus/kube'
import type { CallOptions, KubeClient, KubeObject, ListQuery } from '@nexus/kube'
import type { DeploymentRef } from '../types.ts'
import { getOrUndefined } from './existing.ts'
import type { RolloutFacts } from './rollout.ts'

/**
 * Reads what a rollout is planned from: one Deployment and four lists. What the caller may not see is left out, which the
 * plan says.
 * @throws KubeApiError for anything but a missing right.
 */
export async function fetchRolloutFacts(
  kube: KubeClient,
  { name, project: namespace }: DeploymentRef,
  options?: CallOptions,
): Promise<RolloutFacts> {
  const [deployment, nodes, pods, claims, volumes] = await Promise.all([
    getOrUndefined(kube, { kind: Kinds.Deployment, name: predictorName(name), namespace }, options),
    listIfAllowed(kube, { kind: Kinds.Node }, options),
    listIfAllowed(kube, { kind: Kinds.Pod }, options),
    listIfAllowed(kube, { kind: Kinds.PersistentVolumeClaim, namespace }, options),
    listIfAllowed(kube, { kind: Kinds.PersistentVolume }, options),
  ])
  return { deployment, nodes, pods, claims: claims ?? [], volumes: volumes ?? [] }
}

/** The objects, or undefined where the caller has no right to list them or the server does not know the kind. */
async function listIfAllowed<T extends KubeObject>(
  kube: KubeClient,
  query: ListQuery<T>,
  options?: CallOptions,
): Promise<readonly T[] | undefined> {
  try {
    return (await kube.list(query, options)).items
  } catch (cause) {
    if (isNotFound(cause) || (cause instanceof KubeApiError && cause.status === 403)) return undefined
    throw cause
  }
}
