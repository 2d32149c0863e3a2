import { messageOf } from '@nexus/core'
import { isConflict, isNotFound, Kinds } from '@nexus/kube'
import type { CallOptions, KubeClient, ObjectRef } from '@nexus/kube'
import { DeployError } from '../errors.ts'
import type { DeploymentRef, ResourceName } from '../types.ts'
import { fetchNamespaceObjects } from './deletion-facts.ts'
import { isSharedSecret, ownedBy, planDeletion, runtimeOf } from './deletion-plan.ts'
import type { DeletionOptions, DeletionPlan, Removal } from './deletion-plan.ts'
import { deleteCommand } from './journal.ts'
import { isNIM, notFound, notNIM } from './list.ts'
import type { Report } from './progress.ts'
import { secretUsers } from './uses.ts'

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
 * Deletes a NIM deployment, whole or half-made, ours or an older dashboard's: its InferenceService, its ServingRuntime, its
 * Secrets, and on request its PVC. What something else uses stays and is named. Calling it again goes on where it stopped.
 * @throws DeployError `NEXUS_DEPLOY_NOT_FOUND`, `NEXUS_DEPLOY_NOT_NIM`, or `NEXUS_DEPLOY_DELETE_INCOMPLETE` with the
 * commands for the rest; KubeApiError where the plan cannot be made.
 */
export async function deleteNIMDeployment(
  ref: DeploymentRef,
  { kube, report = () => {}, signal }: DeleteDeps,
  options: DeletionOptions = {},
): Promise<DeleteResult> {
  const plan = await planNIMDeletion(kube, ref, { ...options, signal })
  const deletion = new Deletion(kube, ref, { plan, report, signal })
  for (const secret of plan.releases) await deletion.release(secret)
  for (const removal of plan.removes) await deletion.remove(removal)
  for (const { ref: target, because } of plan.keeps) deletion.keep(target, because)
  return { removed: deletion.removed, kept: deletion.kept }
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
  const objects = await fetchNamespaceObjects(kube, { name, project }, { signal })
  const isvc = objects.services.find(({ metadata }) => metadata.name === name)
  if (isvc !== undefined && !isNIM({ isvc, runtime: runtimeOf(name, objects) })) throw notNIM(name, project)
  const plan = planDeletion(name, project, objects, options)
  // A PVC alone is what every deletion leaves, so it is no deployment; with --delete-pvc it can still be removed.
  if (plan.removes.length === 0) throw await notFound(kube, { name, project }, { signal })
  return plan
}

interface DeletionContext {
  readonly plan: DeletionPlan
  readonly report: Report
  readonly signal: AbortSignal | undefined
}

/** A deletion under way: what it has done, so that a failure can name the rest. */
class Deletion {
  readonly removed: ResourceName[] = []
  readonly kept: (ResourceName & { readonly because: string })[] = []
  readonly #kube: KubeClient
  readonly #of: DeploymentRef
  readonly #context: DeletionContext
  #done = 0

  constructor(kube: KubeClient, of: DeploymentRef, context: DeletionContext) {
    this.#kube = kube
    this.#of = of
    this.#context = context
  }

  keep(ref: ObjectRef, because: string): void {
    const resource = resourceOf(ref)
    this.kept.push({ ...resource, because })
    this.#context.report({ type: 'kept', resource, because })
  }

  async remove({ ref, uid }: Removal): Promise<void> {
    const { signal, report } = this.#context
    const user = ref.kind === Kinds.Secret && isSharedSecret(ref.name) ? await this.#userNow(ref.name) : undefined
    if (user !== undefined) return this.keep(ref, `${user} uses it`)
    const preconditions = uid === undefined ? {} : { preconditions: { uid } }
    await this.#attempt(() => this.#kube.delete(ref, { signal, propagationPolicy: 'Background', ...preconditions }))
    this.#done += 1
    this.removed.push(resourceOf(ref))
    report({ type: 'removed', resource: resourceOf(ref) })
  }

  /** Takes a Secret that stays out of the collector's reach, before its owner goes. */
  async release({ ref, uid }: Removal): Promise<void> {
    const { plan, signal } = this.#context
    const owner = plan.removes.find(({ ref: target }) => target.kind === Kinds.InferenceService)?.uid
    const body = { metadata: { uid, ownerReferences: [{ $patch: 'delete', uid: owner }] } }
    await this.#attempt(async () => {
      await this.#kube.patch(ref, { type: 'strategic', body }, { signal })
    })
  }

  /** Another deployment may have come to use a shared Secret since the plan was made. */
  async #userNow(secret: string): Promise<string | undefined> {
    const { signal } = this.#context
    const objects = await fetchNamespaceObjects(this.#kube, this.#of, { signal })
    return secretUsers(objects, ownedBy(this.#of.name, objects), secret)
  }

  async #attempt(write: () => Promise<void>): Promise<void> {
    try {
      await write()
    } catch (cause) {
      // Gone already, perhaps by the collector that follows the InferenceService; or another object has its name now.
      if (isNotFound(cause) || isConflict(cause)) return
      const leftovers = this.#context.plan.removes.slice(this.#done).map((rest) => deleteCommand(rest.ref))
      throw new DeployError('NEXUS_DEPLOY_DELETE_INCOMPLETE', `The deletion stopped: ${messageOf(cause)}`, {
        hint: `Run the command again, or remove the rest:\n${leftovers.join('\n')}`,
        cause,
        leftovers,
      })
    }
  }
}

function resourceOf({ kind, name, namespace }: ObjectRef): ResourceName {
  return { kind: kind.kind, name, namespace }
}
