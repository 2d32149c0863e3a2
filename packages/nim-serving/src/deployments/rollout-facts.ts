import { predictorName } from '@nexus/core'
import { Kinds } from '@nexus/kube'
import type { CallOptions, KubeClient } from '@nexus/kube'
import type { DeploymentRef } from '../types.ts'
import { getOrUndefined, listIfAllowed } from './existing.ts'
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
