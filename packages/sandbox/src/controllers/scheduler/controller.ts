import { isNotFound, KubeApiError, Kinds, refTo } from '@nexus/kube'
import type { Condition, KubeObject, PersistentVolumeClaim, Pod } from '@nexus/kube'
import { hasEnded } from '../pods.ts'
import { runReconciler, watching } from '../runtime/controller.ts'
import type { ControllerContext } from '../runtime/controller.ts'
import { isBeingDeleted, keyOf, parseKey, timestamp } from '../runtime/objects.ts'
import { judgeClaims } from './claims.ts'
import type { JudgedClaims } from './claims.ts'
import { SELECTED_NODE } from '../volumes/names.ts'
import { claimsOf } from './filters.ts'
import { placePod, refusedEverywhere } from './fit.ts'
import type { Placement } from './fit.ts'

const COMPONENT = 'default-scheduler'

/** A pod's place on a node (core/v1), written once; servers keep no such objects. */
interface Binding extends KubeObject {
  target: { apiVersion: string; kind: string; name: string }
}

/** Gives pods without a node one that can take them, and says in `PodScheduled` why there is none. */
export async function runScheduler(context: ControllerContext): Promise<void> {
  const { informers } = context
  const pods = informers.of(Kinds.Pod)
  const scheduler = new Scheduler(context)
  const waiting = () => pods.list().filter(isWaiting).map(keyOf)
  await runReconciler(context, {
    name: 'scheduler',
    sources: [
      watching(pods, (pod, change) =>
        isWaiting(pod) ? [keyOf(pod)] : hasMadeRoom(pod, change?.type) ? waiting() : [],
      ),
      watching(informers.of(Kinds.Node), waiting),
      watching(informers.of(Kinds.PersistentVolume), waiting),
      watching(informers.of(Kinds.StorageClass), waiting),
      watching(informers.of(Kinds.PersistentVolumeClaim), ({ metadata }) =>
        pods
          .list({ namespace: metadata.namespace ?? '' })
          .filter((pod) => isWaiting(pod) && claimsOf(pod).includes(metadata.name))
          .map(keyOf),
      ),
    ],
    reconcile: (key) => scheduler.schedule(key),
    // One at a time: each decision has to see the one before.
    concurrency: 1,
  })
}

/** A pod that names another scheduler is that one's to place. */
function isWaiting(pod: Pod): boolean {
  if ((pod.spec.schedulerName ?? COMPONENT) !== COMPONENT) return false
  const isHeld = (pod.spec.schedulingGates ?? []).length > 0
  return !pod.spec.nodeName && !isHeld && !isBeingDeleted(pod) && !hasEnded(pod)
}

function hasMadeRoom(pod: Pod, change: string | undefined): boolean {
  return change === 'DELETED' || (change === 'MODIFIED' && hasEnded(pod))
}

class Scheduler {
  readonly #context: ControllerContext
  /** Nodes of pods that are bound already, but not yet in the store: uid to node. */
  readonly #assumed = new Map<string, string>()
  #hasBindings = true

  constructor(context: ControllerContext) {
    this.#context = context
  }

  async schedule(key: string): Promise<void> {
    const { name, namespace } = parseKey(key)
    const pod = this.#context.informers.of(Kinds.Pod).get(name, namespace)
    this.#forgetArrived()
    if (pod === undefined || !isWaiting(pod) || this.#assumed.has(pod.metadata.uid ?? '')) return
    const claims = this.#judgeClaims(pod)
    const placement = this.#place(pod, claims)
    if ('message' in placement) return this.#explain(pod, placement.message)
    if (claims.waiting.length > 0) return this.#chooseFor(claims.waiting, placement.node.metadata.name)
    await this.#bind(pod, placement.node.metadata.name)
  }

  #judgeClaims(pod: Pod): JudgedClaims {
    const { informers } = this.#context
    const { namespace } = pod.metadata
    return judgeClaims(claimsOf(pod), {
      claim: (name) => informers.of(Kinds.PersistentVolumeClaim).get(name, namespace),
      volume: (name) => informers.of(Kinds.PersistentVolume).get(name),
      storageClass: (name) => informers.of(Kinds.StorageClass).get(name),
    })
  }

  #place(pod: Pod, claims: JudgedClaims): Placement {
    const { informers } = this.#context
    const nodes = informers.of(Kinds.Node).list()
    if (claims.refusal !== undefined && nodes.length > 0) return refusedEverywhere(claims.refusal, nodes.length)
    const pods = informers
      .of(Kinds.Pod)
      .list()
      .filter((other) => !hasEnded(other))
    const nodeOf = (other: Pod) => other.spec.nodeName || this.#assumed.get(other.metadata.uid ?? '')
    return placePod(
      { pod, volumes: claims.volumes, exclusive: claims.exclusive },
      nodes.map((node) => ({ node, pods: pods.filter((other) => nodeOf(other) === node.metadata.name) })),
    )
  }

  /** Volumes that wait for their first pod are made for the node it goes to; it is bound when they are there. */
  async #chooseFor(claims: readonly PersistentVolumeClaim[], node: string): Promise<void> {
    for (const { metadata } of claims) {
      if (metadata.annotations?.[SELECTED_NODE] !== undefined) continue
      const body = { metadata: { annotations: { [SELECTED_NODE]: node } } }
      await this.#context.kube.patch(refTo(Kinds.PersistentVolumeClaim, metadata), { type: 'merge', body })
    }
  }

  async #bind(pod: Pod, node: string): Promise<void> {
    try {
      await this.#writeNode(pod, node)
    } catch (thrown) {
      if (isNotFound(thrown)) return
      // An answer can be lost, and that of a Binding is no Binding: the pod itself says whether it has a node.
      const { spec } = await this.#context.kube.get(refTo(Kinds.Pod, pod.metadata))
      if (spec.nodeName !== node) throw thrown
    }
    this.#assumed.set(pod.metadata.uid ?? '', node)
    const message = `Successfully assigned ${keyOf(pod)} to ${node}`
    this.#context.events.record(pod, { type: 'Normal', reason: 'Scheduled', message, component: COMPONENT })
  }

  /** By a Binding, the only way of a real API server; where there are none, by `spec.nodeName`. */
  async #writeNode(pod: Pod, node: string): Promise<void> {
    if (this.#hasBindings) {
      try {
        await this.#context.kube.create(assembleBinding(pod, node))
        return
      } catch (thrown) {
        if (!isBindingUnknown(thrown, pod)) throw thrown
        this.#hasBindings = false
      }
    }
    const ref = refTo(Kinds.Pod, pod.metadata)
    const { uid } = pod.metadata
    // The condition first: who sees the node finds it said, as with a Binding.
    await this.#writeCondition(pod, { type: 'PodScheduled', status: 'True' })
    await this.#context.kube.patch(ref, { type: 'merge', body: { metadata: { uid }, spec: { nodeName: node } } })
  }

  async #explain(pod: Pod, message: string): Promise<void> {
    const said = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')
    if (said?.status === 'False' && said.message === message) return
    await this.#writeCondition(pod, { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message })
    this.#context.events.record(pod, { type: 'Warning', reason: 'FailedScheduling', message, component: COMPONENT })
  }

  async #writeCondition(pod: Pod, condition: Condition): Promise<void> {
    const old = pod.status?.conditions?.find(({ type }) => type === condition.type)
    const time = old?.status === condition.status ? old.lastTransitionTime : undefined
    const written = { ...condition, lastTransitionTime: time ?? timestamp(this.#context.now()) }
    // Strategic, so that conditions which the node writes at the same time stay.
    const body = { status: { conditions: [written] } }
    const ref = refTo(Kinds.Pod, pod.metadata)
    await this.#context.kube
      .patch(ref, { type: 'strategic', body }, { subresource: 'status' })
      .catch((thrown: unknown) => {
        if (!isNotFound(thrown)) throw thrown
      })
  }

  #forgetArrived(): void {
    if (this.#assumed.size === 0) return
    const pods = this.#context.informers.of(Kinds.Pod).list()
    const unbound = new Set(pods.filter((pod) => !pod.spec.nodeName).map(({ metadata }) => metadata.uid))
    for (const uid of this.#assumed.keys()) if (!unbound.has(uid)) this.#assumed.delete(uid)
  }
}

function assembleBinding({ metadata }: Pod, node: string): Binding {
  const { name, namespace = 'default', uid } = metadata
  return {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace, ...(uid !== undefined && { uid }) },
    target: { apiVersion: 'v1', kind: 'Node', name: node },
  }
}

/** The server has no Bindings, which is not the same as having no such pod. */
function isBindingUnknown(thrown: unknown, { metadata }: Pod): boolean {
  if (!(thrown instanceof KubeApiError)) return true
  const isAboutPod = thrown.body?.details?.name === metadata.name && thrown.body.details.kind === 'pods'
  return (thrown.status === 404 || thrown.status === 405) && !isAboutPod
}
