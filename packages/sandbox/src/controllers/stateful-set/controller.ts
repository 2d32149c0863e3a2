import { isAlreadyExists, isNotFound, Kinds, refTo } from '@nexus/kube'
import type { KubeObject, Pod, StatefulSet } from '@nexus/kube'
import { runReconciler, watching } from '../runtime/controller.ts'
import type { ControllerContext } from '../runtime/controller.ts'
import { mergePatchBetween } from '../runtime/merge-patch.ts'
import { controllerOf, isBeingDeleted, isControlledBy, keyOf, parseKey } from '../runtime/objects.ts'
import { serverMessage } from '../runtime/server-message.ts'
import type { Requeue } from '../runtime/work-queue.ts'
import { planMembers } from './plan.ts'
import { assembleClaims, assembleMember } from './pod.ts'
import { syncRevisions } from './revision.ts'
import type { Revisions } from './revision.ts'
import { observeStatefulSet } from './status.ts'

const COMPONENT = 'statefulset-controller'

/** Keeps the members of StatefulSets: pods with a number, a name and volumes of their own. */
export async function runStatefulSetController(context: ControllerContext): Promise<void> {
  const { informers } = context
  const reconciler = new StatefulSetReconciler(context)
  await runReconciler(context, {
    name: 'stateful-set',
    sources: [
      watching(informers.of(Kinds.StatefulSet), (set) => [keyOf(set)]),
      watching(informers.of(Kinds.Pod), ownerKeys),
      watching(informers.of(Kinds.ControllerRevision), ownerKeys),
    ],
    reconcile: (key) => reconciler.reconcile(key),
  })
}

function ownerKeys(object: KubeObject): string[] {
  const owner = controllerOf(object)
  return owner?.kind === 'StatefulSet' ? [`${object.metadata.namespace ?? ''}/${owner.name}`] : []
}

class StatefulSetReconciler {
  readonly #context: ControllerContext

  constructor(context: ControllerContext) {
    this.#context = context
  }

  async reconcile(key: string): Promise<Requeue | undefined> {
    const { informers, kube, now } = this.#context
    const { name, namespace = '' } = parseKey(key)
    const set = informers.of(Kinds.StatefulSet).get(name, namespace)
    if (set === undefined || isBeingDeleted(set)) return undefined
    const known = informers.of(Kinds.ControllerRevision).list({ namespace })
    const revisions = await syncRevisions(kube, set, known)
    const pods = await this.#livePods(set)
    const updateRevision = revisions.update.metadata.name
    const plan = planMembers(set, pods, { updateRevision, now: now() })
    const made: Pod[] = []
    for (const { ordinal, isOld } of plan.create) {
      made.push(await this.#create(set, ordinal, isOld ? revisions.current : revisions.update))
    }
    for (const pod of plan.remove) await this.#remove(set, pod)
    const kept = pods.filter((pod) => !plan.remove.includes(pod))
    await this.#writeStatus(set, [...kept, ...made], revisions)
    // Nothing tells when a pod has been ready for long enough.
    return (set.spec.minReadySeconds ?? 0) > 0 ? { requeueAfterMs: 1000 } : undefined
  }

  /** Fresh from the server: two members of one number would be one too many. */
  async #livePods(set: StatefulSet): Promise<Pod[]> {
    const { namespace } = set.metadata
    const { items } = await this.#context.kube.list({ kind: Kinds.Pod, namespace })
    return items.filter((pod) => isControlledBy(pod, set))
  }

  async #create(set: StatefulSet, ordinal: number, revision: Revisions['update']): Promise<Pod> {
    const { name } = set.metadata
    const pod = assembleMember(set, ordinal, revision)
    try {
      for (const { claim } of assembleClaims(set, ordinal)) await this.#claim(set, claim, pod)
      const made = await this.#context.kube.create(pod)
      this.#say(set, 'SuccessfulCreate', `create Pod ${pod.metadata.name} in StatefulSet ${name} successful`)
      return made
    } catch (thrown) {
      const failed = `create Pod ${pod.metadata.name} in StatefulSet ${name} failed error: ${serverMessage(thrown)}`
      this.#say(set, 'FailedCreate', failed, 'Warning')
      throw thrown
    }
  }

  async #claim(
    set: StatefulSet,
    claim: ReturnType<typeof assembleClaims>[number]['claim'],
    { metadata }: Pod,
  ): Promise<void> {
    try {
      await this.#context.kube.create(claim)
    } catch (thrown) {
      if (isAlreadyExists(thrown)) return
      throw thrown
    }
    const where = `Pod ${metadata.name} in StatefulSet ${set.metadata.name}`
    this.#say(set, 'SuccessfulCreate', `create Claim ${claim.metadata.name} ${where} success`)
  }

  async #remove(set: StatefulSet, { metadata }: Pod): Promise<void> {
    const preconditions = metadata.uid === undefined ? {} : { preconditions: { uid: metadata.uid } }
    try {
      await this.#context.kube.delete(refTo(Kinds.Pod, metadata), preconditions)
    } catch (thrown) {
      if (isNotFound(thrown)) return
      throw thrown
    }
    const message = `delete Pod ${metadata.name} in StatefulSet ${set.metadata.name} successful`
    this.#say(set, 'SuccessfulDelete', message)
  }

  #say(set: StatefulSet, reason: string, message: string, type: 'Normal' | 'Warning' = 'Normal'): void {
    this.#context.events.record(set, { type, reason, message, component: COMPONENT })
  }

  async #writeStatus(set: StatefulSet, pods: readonly Pod[], { current, update }: Revisions): Promise<void> {
    const [currentRevision, updateRevision] = [current.metadata.name, update.metadata.name]
    const status = observeStatefulSet(set, pods, { currentRevision, updateRevision, now: this.#context.now() })
    const patch = mergePatchBetween(set.status, status)
    if (patch === undefined) return
    const ref = refTo(Kinds.StatefulSet, set.metadata)
    await this.#context.kube.patch(ref, { type: 'merge', body: { status: patch } }, { subresource: 'status' })
  }
}
