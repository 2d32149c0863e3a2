import { messageOf } from '@nexus/core'
import { isConflict, isNotFound, Kinds } from '@nexus/kube'
import type { CallOptions, KubeClient, ObjectRef } from '@nexus/kube'
import { DeployError } from '../errors.ts'
import type { DeploymentRef, ResourceName } from '../types.ts'
import { planDeletion, secretNamesOf } from './deletion-plan.ts'
import type { DeletionOptions, DeletionPlan, NamespaceObjects } from './deletion-plan.ts'
import { fetchSecretFacts } from './existing.ts'
import { deleteCommand } from './journal.ts'
import { isNIM, notFound, notNIM } from './list.ts'
import type { Report } from './progress.ts'

export interface DeleteDeps {
  readonly kube: KubeClient
  readonly report?: Report | undefined
  readonly signal?: AbortSignal | undefined
}

export interface DeleteResult {
  readonly removed: readonly ResourceName[]
  readonly kept: readonly (ResourceName & { readonly because: string })[]
}

/**
 * Deletes a NIM deployment, whole or half-made: its InferenceService, its ServingRuntime, its Secrets, and on request
 * its PVC. What something else uses stays and is named. Calling it again goes on where it stopped.
 * @throws DeployError `NEXUS_DEPLOY_NOT_FOUND`, `NEXUS_DEPLOY_NOT_NIM`, or `NEXUS_DEPLOY_DELETE_INCOMPLETE` with the
 * commands for the rest; KubeApiError where the plan cannot be made.
 */
export async function deleteNIMDeployment(
  ref: DeploymentRef,
  { kube, report = () => {}, signal }: DeleteDeps,
  options: DeletionOptions = {},
): Promise<DeleteResult> {
  const plan = await planNIMDeletion(kube, ref, { ...options, signal })
  const removed: ResourceName[] = []
  for (const { ref: target, uid } of plan.removes) {
    await removeOne(kube, target, uid, { plan, done: removed.length, signal })
    const resource = nameOf(target)
    removed.push(resource)
    report({ type: 'removed', resource })
  }
  const kept = plan.keeps.map(({ ref: target, because }) => ({ ...nameOf(target), because }))
  for (const { because, ...resource } of kept) report({ type: 'kept', resource, because })
  return { removed, kept }
}

/**
 * What a deletion would remove and keep, for showing it before asking.
 * @throws as `deleteNIMDeployment`, before anything is removed.
 */
export async function planNIMDeletion(
  kube: KubeClient,
  { name, project }: DeploymentRef,
  { signal, ...options }: DeletionOptions & CallOptions = {},
): Promise<DeletionPlan> {
  const objects = await fetchNamespaceObjects(kube, name, project, { signal })
  const isvc = objects.services.find(({ metadata }) => metadata.name === name)
  const runtime = objects.runtimes.find(
    ({ metadata }) => metadata.name === (isvc?.spec.predictor.model?.runtime ?? name),
  )
  if (isvc !== undefined && !isNIM({ isvc, runtime })) throw notNIM(name, project)
  const plan = planDeletion(name, project, objects, options)
  // A PVC alone is what every deletion leaves, so it is no deployment; with --delete-pvc it can still be removed.
  if (plan.removes.length === 0) throw await notFound(kube, { name, project }, { signal })
  return plan
}

async function fetchNamespaceObjects(
  kube: KubeClient,
  name: string,
  namespace: string,
  options: CallOptions,
): Promise<NamespaceObjects> {
  const [services, runtimes, pods, claims, ...secrets] = await Promise.all([
    kube.list({ kind: Kinds.InferenceService, namespace }, options),
    kube.list({ kind: Kinds.ServingRuntime, namespace }, options),
    kube.list({ kind: Kinds.Pod, namespace }, options),
    kube.list({ kind: Kinds.PersistentVolumeClaim, namespace }, options),
    ...secretNamesOf(name).map((secret) => fetchSecretFacts(kube, { name: secret, namespace }, options)),
  ])
  return {
    services: services.items,
    runtimes: runtimes.items,
    pods: pods.items,
    claims: claims.items,
    secrets: secrets.filter((secret) => secret !== undefined).map(({ metadata }) => metadata),
  }
}

async function removeOne(
  kube: KubeClient,
  ref: ObjectRef,
  uid: string | undefined,
  { plan, done, signal }: { plan: DeletionPlan; done: number; signal: AbortSignal | undefined },
): Promise<void> {
  const preconditions = uid === undefined ? {} : { preconditions: { uid } }
  try {
    await kube.delete(ref, { signal, propagationPolicy: 'Background', ...preconditions })
  } catch (cause) {
    // Gone already, perhaps by the collector that follows the InferenceService; or another object has its name now.
    if (isNotFound(cause) || isConflict(cause)) return
    const leftovers = plan.removes.slice(done).map((rest) => deleteCommand(rest.ref))
    throw new DeployError('NEXUS_DEPLOY_DELETE_INCOMPLETE', `The deletion stopped: ${messageOf(cause)}`, {
      hint: `Run the command again, or remove the rest:\n${leftovers.join('\n')}`,
      cause,
      leftovers,
    })
  }
}

function nameOf({ kind, name, namespace }: ObjectRef): ResourceName {
  return { kind: kind.kind, name, namespace }
}
