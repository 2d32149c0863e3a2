import { isNotFound, Kinds, matchesLabels, ownerReferenceTo, refTo } from '@nexus/kube'
import type { Condition, KubeObject, Pod, ReplicaSet } from '@nexus/kube'
import { compareForRemoval, hasEnded, isActive, isAvailable, isReady } from './pods.ts'
import { wantedReplicas } from './rollout.ts'
import { claimObjects } from './runtime/adoption.ts'
import { runReconciler, watching } from './runtime/controller.ts'
import type { ControllerContext } from './runtime/controller.ts'
import { mergePatchBetween } from './runtime/merge-patch.ts'
import { randomSuffix } from './runtime/names.ts'
import { controllerOf, isBeingDeleted, isControlledBy, keyOf, parseKey, timestamp } from './runtime/objects.ts'
import { serverMessage } from './runtime/server-message.ts'
import type { Requeue } from './runtime/work-queue.ts'

const COMPONENT = 'replicaset-controller'

/** Pods made or removed side by side; kubernetes starts slower and ends at 500. */
const BATCH = 20

/**
 * Keeps each ReplicaSet at its number of pods. Before it makes or removes any it asks the server how many there are, so a
 * slow watch or a restart never leads to one too many.
 */
export async function runReplicaSetController(context: ControllerContext): Promise<void> {
  const { informers } = context
  const reconciler = new ReplicaSetReconciler(context)
  await runReconciler(context, {
    name: 'replicaset',
    sources: [
      watching(informers.of(Kinds.ReplicaSet), (set) => [keyOf(set)]),
      watching(informers.of(Kinds.Pod), (pod) => [...ownerKeys(pod), ...wouldBeOwners(pod, context)]),
    ],
    reconcile: (key) => reconciler.reconcile(key),
  })
}

function ownerKeys(object: KubeObject): string[] {
  const owner = controllerOf(object)
  return owner?.kind === 'ReplicaSet' ? [`${object.metadata.namespace ?? ''}/${owner.name}`] : []
}

/** The ReplicaSets that would take a pod which belongs to nobody. */
function wouldBeOwners(pod: Pod, { informers }: ControllerContext): string[] {
  if (controllerOf(pod) !== undefined) return []
  const { labels, namespace = '' } = pod.metadata
  const sets = informers.of(Kinds.ReplicaSet).list({ namespace })
  return sets.filter(({ spec }) => matchesLabels(spec.selector, labels)).map(keyOf)
}

/** Pods to make, or pods to remove. */
export interface ReplicaPlan {
  readonly create: number
  readonly remove: readonly Pod[]
}

export function planReplicas(set: ReplicaSet, pods: readonly Pod[]): ReplicaPlan {
  const active = pods.filter(isActive)
  const surplus = active.length - wantedReplicas(set)
  return {
    create: Math.max(0, -surplus),
    remove: surplus > 0 ? [...active].sort(compareForRemoval).slice(0, surplus) : [],
  }
}

class ReplicaSetReconciler {
  readonly #context: ControllerContext

  constructor(context: ControllerContext) {
    this.#context = context
  }

  async reconcile(key: string): Promise<Requeue | undefined> {
    const { informers } = this.#context
    const { name, namespace } = parseKey(key)
    const set = informers.of(Kinds.ReplicaSet).get(name, namespace)
    if (set === undefined) return undefined
    const known = informers.of(Kinds.Pod).list({ namespace: namespace ?? '' })
    const { selector } = set.spec
    const cached = await claimObjects(
      this.#context.kube,
      { owner: set, selector, kind: Kinds.Pod },
      known.filter(isActive),
    )
    const ended = known.filter((pod) => isControlledBy(pod, set) && !isActive(pod))
    const failure = isBeingDeleted(set) ? undefined : await this.#bringAbout(set, cached)
    return this.#writeStatus(set, [...cached, ...ended], failure)
  }

  /** Resolves with the reason why pods could not be made, which belongs into the status. */
  async #bringAbout(set: ReplicaSet, cached: readonly Pod[]): Promise<string | undefined> {
    if (isAsWanted(planReplicas(set, cached))) return undefined
    const plan = planReplicas(set, await this.#livePods(set))
    for (let made = 0; made < plan.create; made += BATCH) {
      const results = await Promise.allSettled(
        Array.from({ length: Math.min(BATCH, plan.create - made) }, () => this.#createPod(set)),
      )
      const failed = results.find((result) => result.status === 'rejected')
      if (failed) return this.#creationFailed(set, failed.reason)
    }
    for (const pod of plan.remove) await this.#removePod(set, pod)
    return undefined
  }

  async #livePods(set: ReplicaSet): Promise<Pod[]> {
    const { namespace } = set.metadata
    const { items } = await this.#context.kube.list({ kind: Kinds.Pod, namespace, labelSelector: selectorText(set) })
    return items.filter((pod) => isControlledBy(pod, set))
  }

  async #createPod(set: ReplicaSet): Promise<void> {
    const pod = await this.#context.kube.create(assemblePod(set))
    this.#note(set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`)
  }

  #creationFailed(set: ReplicaSet, thrown: unknown): string {
    const message = serverMessage(thrown)
    this.#note(set, 'Warning', 'FailedCreate', `Error creating: ${message}`)
    return message
  }

  async #removePod(set: ReplicaSet, { metadata }: Pod): Promise<void> {
    const preconditions = metadata.uid === undefined ? {} : { preconditions: { uid: metadata.uid } }
    try {
      await this.#context.kube.delete(refTo(Kinds.Pod, metadata), preconditions)
    } catch (thrown) {
      if (isNotFound(thrown)) return
      throw thrown
    }
    this.#note(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${metadata.name}`)
  }

  #note(set: ReplicaSet, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#context.events.record(set, { type, reason, message, component: COMPONENT })
  }

  async #writeStatus(set: ReplicaSet, pods: readonly Pod[], failure: string | undefined): Promise<Requeue | undefined> {
    const now = this.#context.now()
    const patch = mergePatchBetween(set.status, observeReplicaSet(set, pods, { now, failure }))
    if (patch) {
      const ref = refTo(Kinds.ReplicaSet, set.metadata)
      await this.#context.kube.patch(ref, { type: 'merge', body: { status: patch } }, { subresource: 'status' })
    }
    if (failure !== undefined) return { requeueAfterMs: 5000 }
    const isWaiting = pods.some((pod) => isReady(pod) && !isAvailable(pod, set.spec.minReadySeconds ?? 0, now))
    return isWaiting ? { requeueAfterMs: 1000 } : undefined
  }
}

function isAsWanted({ create, remove }: ReplicaPlan): boolean {
  return create === 0 && remove.length === 0
}

/** The selector of a ReplicaSet as a list query takes it. */
export function selectorText({ spec }: ReplicaSet): string {
  const equal = Object.entries(spec.selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`)
  const others = (spec.selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key
    if (operator === 'DoesNotExist') return `!${key}`
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`
  })
  return [...equal, ...others].join(',')
}

/** A pod of the ReplicaSet, named here as the server would, so that a repeated request cannot make two. */
export function assemblePod(set: ReplicaSet, random: () => number = Math.random): Pod {
  const { labels, annotations, finalizers } = set.spec.template.metadata ?? {}
  const { name, namespace } = set.metadata
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name.slice(0, 57)}-${randomSuffix(5, random)}`,
      generateName: `${name}-`,
      ...(namespace !== undefined && { namespace }),
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(finalizers && { finalizers }),
      ownerReferences: [ownerReferenceTo(set, { controller: true })],
    },
    spec: set.spec.template.spec,
  }
}

/** The status of a ReplicaSet (`calculateStatus` in kubernetes pkg/controller/replicaset/replica_set_utils.go). */
export function observeReplicaSet(
  set: ReplicaSet,
  pods: readonly Pod[],
  { now, failure }: { now: Date; failure: string | undefined },
): NonNullable<ReplicaSet['status']> {
  const counted = pods.filter((pod) => !hasEnded(pod) && !isBeingDeleted(pod))
  const labels = Object.entries(set.spec.template.metadata?.labels ?? {})
  const labelled = counted.filter(({ metadata }) => labels.every(([key, value]) => metadata.labels?.[key] === value))
  const ready = counted.filter(isReady)
  const available = ready.filter((pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, now))
  const { generation } = set.metadata
  return {
    replicas: counted.length,
    ...(labelled.length > 0 && { fullyLabeledReplicas: labelled.length }),
    ...(ready.length > 0 && { readyReplicas: ready.length }),
    ...(available.length > 0 && { availableReplicas: available.length }),
    ...(generation !== undefined && { observedGeneration: generation }),
    ...(failure !== undefined && { conditions: [failureCondition(set, failure, now)] }),
  }
}

function failureCondition(set: ReplicaSet, message: string, now: Date): Condition {
  const old = set.status?.conditions?.find(({ type }) => type === 'ReplicaFailure')
  const lastTransitionTime = old?.lastTransitionTime ?? timestamp(now)
  return { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message, lastTransitionTime }
}
