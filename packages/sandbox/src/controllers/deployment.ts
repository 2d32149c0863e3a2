import { isAlreadyExists, isNotFound, Kinds, matchesLabels, ownerReferenceTo, refTo, rolloutBounds } from '@nexus/kube'
import type { Deployment, KubeObject, Pod, PodTemplateSpec, ReplicaSet } from '@nexus/kube'
import { millisecondsToDeadline, observeDeployment } from './deployment-status.ts'
import { hasEnded } from './pods.ts'
import { isRecreate, isScaled, newestReplicas, planScaling, planShrink, wantedReplicas } from './rollout.ts'
import { claimObjects } from './runtime/adoption.ts'
import { runReconciler, watching } from './runtime/controller.ts'
import type { ControllerContext } from './runtime/controller.ts'
import { canonicalJson, hasEverything, isSameJson, mergePatchBetween } from './runtime/merge-patch.ts'
import { hashSuffix } from './runtime/names.ts'
import { controllerOf, isBeingDeleted, isControlledBy, keyOf, parseKey } from './runtime/objects.ts'
import type { Requeue } from './runtime/work-queue.ts'

const COMPONENT = 'deployment-controller'
const HASH_LABEL = 'pod-template-hash'
const REVISION = 'deployment.kubernetes.io/revision'
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history'
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** Rolls Deployments out: one ReplicaSet per pod template, scaled within the bounds of the strategy. */
export async function runDeploymentController(context: ControllerContext): Promise<void> {
  const { informers } = context
  const reconciler = new DeploymentReconciler(context)
  await runReconciler(context, {
    name: 'deployment',
    sources: [
      watching(informers.of(Kinds.Deployment), (deployment) => [keyOf(deployment)]),
      watching(informers.of(Kinds.ReplicaSet), (set) => [...ownerKeys(set), ...wouldBeOwners(set, context)]),
      watching(informers.of(Kinds.Pod), (pod, change) => {
        // Only Recreate waits for pods themselves, and only for their end.
        const set = controllerOf(pod)
        if (change?.type !== 'DELETED' || set?.kind !== 'ReplicaSet') return []
        const owner = informers.of(Kinds.ReplicaSet).get(set.name, pod.metadata.namespace)
        return owner ? ownerKeys(owner) : []
      }),
    ],
    reconcile: (key) => reconciler.reconcile(key),
  })
}

function ownerKeys(object: KubeObject): string[] {
  const owner = controllerOf(object)
  return owner?.kind === 'Deployment' ? [`${object.metadata.namespace ?? ''}/${owner.name}`] : []
}

/** The Deployments that would take a ReplicaSet which belongs to nobody. */
function wouldBeOwners(set: ReplicaSet, { informers }: ControllerContext): string[] {
  if (controllerOf(set) !== undefined) return []
  const { labels, namespace = '' } = set.metadata
  const deployments = informers.of(Kinds.Deployment).list({ namespace })
  return deployments.filter(({ spec }) => matchesLabels(spec.selector, labels)).map(keyOf)
}

class DeploymentReconciler {
  readonly #context: ControllerContext
  /** The versions of Deployments that were written and have not come back yet, by uid. */
  readonly #written = new Map<string, number>()

  constructor(context: ControllerContext) {
    this.#context = context
  }

  async reconcile(key: string): Promise<Requeue | undefined> {
    const { name, namespace } = parseKey(key)
    const deployment = this.#context.informers.of(Kinds.Deployment).get(name, namespace)
    if (deployment === undefined) return undefined
    if (this.#isOutdated(deployment)) return undefined
    const sets = await this.#ownedSets(deployment)
    const newest = sets.find((set) => isMadeOf(set, deployment.spec.template))
    const older = sets.filter((set) => set !== newest)
    if (isBeingDeleted(deployment)) return this.#writeStatus(deployment, { newest, older, rolling: false })
    const isPaused = deployment.spec.paused === true
    if (isPaused || isScaled(deployment, sets)) return this.#resize(deployment, newest, older)
    return this.#rollOut(deployment, newest, older)
  }

  /** An older copy than what was written last would have it all decided again; the newer one is on its way. */
  #isOutdated({ metadata }: Deployment): boolean {
    const { uid = '', resourceVersion } = metadata
    if (Number(resourceVersion) < (this.#written.get(uid) ?? 0)) return true
    this.#written.delete(uid)
    return false
  }

  /** A Deployment that is paused, or just got another size, replaces no pods. */
  async #resize(
    deployment: Deployment,
    newest: ReplicaSet | undefined,
    older: readonly ReplicaSet[],
  ): Promise<Requeue | undefined> {
    const revision = newest && (await this.#annotateNewest(deployment, newest, older))
    for (const { replicaSet, replicas } of planScaling(deployment, newest, older)) {
      await this.#setReplicas(deployment, replicaSet, replicas)
    }
    if (deployment.spec.paused === true) await this.#cleanUp(deployment, older)
    return this.#writeStatus(deployment, { newest, older, rolling: false, ...(revision !== undefined && { revision }) })
  }

  async #rollOut(
    deployment: Deployment,
    newest: ReplicaSet | undefined,
    older: readonly ReplicaSet[],
  ): Promise<Requeue | undefined> {
    const made = newest ?? (await this.#createNewest(deployment, older))
    if (made === undefined) return this.#writeStatus(deployment, { newest, older })
    const revision = await this.#annotateNewest(deployment, made, older)
    await this.#scale(deployment, made, older)
    if (isRolledOut(deployment)) await this.#cleanUp(deployment, older)
    return this.#writeStatus(deployment, { newest: made, older, created: newest === undefined, revision })
  }

  async #ownedSets(deployment: Deployment): Promise<ReplicaSet[]> {
    const { informers, kube } = this.#context
    const { namespace = '' } = deployment.metadata
    const claimant = { owner: deployment, selector: deployment.spec.selector, kind: Kinds.ReplicaSet }
    const sets = await claimObjects(kube, claimant, informers.of(Kinds.ReplicaSet).list({ namespace }))
    return sets.filter((set) => !isBeingDeleted(set)).sort((a, b) => revisionOf(a) - revisionOf(b))
  }

  /** Undefined while Recreate waits for the end of old pods, or another object has the name. */
  async #createNewest(deployment: Deployment, older: readonly ReplicaSet[]): Promise<ReplicaSet | undefined> {
    if (isRecreate(deployment)) {
      await this.#shrink(deployment, older)
      if (this.#hasPods(deployment, older)) return undefined
    }
    const wanted = assembleReplicaSet(deployment, older)
    try {
      const made = await this.#context.kube.create(wanted)
      this.#noteScaling(deployment, made, 0)
      return made
    } catch (thrown) {
      if (!isAlreadyExists(thrown)) throw thrown
      return this.#adoptOrCollide(deployment, wanted)
    }
  }

  /** The name is taken: by an earlier try of ours, or by another template with the same hash, which is then counted. */
  async #adoptOrCollide(deployment: Deployment, wanted: ReplicaSet): Promise<ReplicaSet | undefined> {
    const { kube } = this.#context
    const found = await kube.get(refTo(Kinds.ReplicaSet, wanted.metadata))
    if (isControlledBy(found, deployment) && isMadeOf(found, deployment.spec.template)) return found
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1
    const ref = refTo(Kinds.Deployment, deployment.metadata)
    await kube.patch(ref, { type: 'merge', body: { status: { collisionCount } } }, { subresource: 'status' })
    return undefined
  }

  #hasPods(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
    const isOld = (pod: Pod) => sets.some((set) => isControlledBy(pod, set))
    const pods = this.#context.informers.of(Kinds.Pod).list({ namespace: deployment.metadata.namespace ?? '' })
    return pods.some((pod) => isOld(pod) && !hasEnded(pod))
  }

  /**
   * A template that comes back is the newest again, so its ReplicaSet gets the next revision, and remembers those it was
   * before. What the Deployment is annotated with stands beside it: the history of a rollout tells it as the cause of the
   * change.
   */
  async #annotateNewest(deployment: Deployment, newest: ReplicaSet, older: readonly ReplicaSet[]): Promise<string> {
    const last = Math.max(0, ...older.map(revisionOf))
    const before = revisionOf(newest)
    const revision = String(before > last ? before : last + 1)
    const { annotations = {} } = newest.metadata
    const history = [annotations[REVISION_HISTORY], before].filter(Boolean).join(',')
    const isAgain = before > 0 && String(before) !== revision
    const wanted = {
      ...copiedAnnotations(deployment),
      [REVISION]: revision,
      ...(isAgain && { [REVISION_HISTORY]: history }),
    }
    const { minReadySeconds = 0 } = deployment.spec
    if (!hasEverything(annotations, wanted) || (newest.spec.minReadySeconds ?? 0) !== minReadySeconds) {
      const body = { metadata: { annotations: wanted }, spec: { minReadySeconds } }
      await this.#context.kube.patch(refTo(Kinds.ReplicaSet, newest.metadata), { type: 'merge', body })
    }
    return revision
  }

  async #scale(deployment: Deployment, newest: ReplicaSet, older: readonly ReplicaSet[]): Promise<void> {
    const replicas = newestReplicas(deployment, newest, older)
    if (replicas !== wantedReplicas(newest)) await this.#setReplicas(deployment, newest, replicas)
    // What the newest has just been told is not in its status yet: the old ones shrink when it is.
    else
      for (const step of planShrink(deployment, newest, older))
        await this.#setReplicas(deployment, step.replicaSet, step.replicas)
  }

  async #shrink(deployment: Deployment, older: readonly ReplicaSet[]): Promise<void> {
    for (const set of older) if (wantedReplicas(set) > 0) await this.#setReplicas(deployment, set, 0)
  }

  async #setReplicas(deployment: Deployment, set: ReplicaSet, replicas: number): Promise<void> {
    const isTold = hasEverything(set.metadata.annotations, sizeAnnotations(deployment))
    if (wantedReplicas(set) === replicas && isTold) return
    const body = { metadata: { annotations: sizeAnnotations(deployment) }, spec: { replicas } }
    await this.#context.kube.patch(refTo(Kinds.ReplicaSet, set.metadata), { type: 'merge', body })
    this.#noteScaling(deployment, { ...set, spec: { ...set.spec, replicas } }, wantedReplicas(set))
  }

  #noteScaling(deployment: Deployment, { metadata, spec }: ReplicaSet, before: number): void {
    const after = spec.replicas ?? 1
    if (after === before) return
    const message = `Scaled ${after > before ? 'up' : 'down'} replica set ${metadata.name} from ${before} to ${after}`
    this.#context.events.record(deployment, {
      type: 'Normal',
      reason: 'ScalingReplicaSet',
      message,
      component: COMPONENT,
    })
  }

  /** Empty ReplicaSets beyond the history limit go, oldest first. */
  async #cleanUp(deployment: Deployment, older: readonly ReplicaSet[]): Promise<void> {
    const empty = older.filter((set) => wantedReplicas(set) === 0 && (set.status?.replicas ?? 0) === 0)
    const surplus = empty.slice(0, Math.max(0, older.length - (deployment.spec.revisionHistoryLimit ?? 10)))
    for (const { metadata } of surplus) {
      await this.#context.kube.delete(refTo(Kinds.ReplicaSet, metadata)).catch((thrown: unknown) => {
        if (!isNotFound(thrown)) throw thrown
      })
    }
  }

  async #writeStatus(deployment: Deployment, rollout: Rollout): Promise<Requeue | undefined> {
    const now = this.#context.now()
    const status = observeDeployment(deployment, { ...rollout, now })
    const revision = rollout.revision ?? deployment.metadata.annotations?.[REVISION]
    const isNumbered = deployment.metadata.annotations?.[REVISION] === revision
    const patch = mergePatchBetween(deployment.status, status)
    if (patch || !isNumbered) await this.#write(deployment, patch ?? {}, isNumbered ? {} : { [REVISION]: revision })
    const left = millisecondsToDeadline({ ...deployment, status }, now)
    return left !== undefined && left > 0 ? { requeueAfterMs: left + 1000 } : undefined
  }

  /**
   * Annotations go with the status, as kube-controller-manager writes them: an API server that lets them pass does not count
   * a new generation for them. One that does not is asked again.
   */
  async #write(deployment: Deployment, status: object, annotations: Record<string, string | undefined>): Promise<void> {
    const { kube } = this.#context
    const ref = refTo(Kinds.Deployment, deployment.metadata)
    const body = { metadata: { annotations }, status }
    const written = await kube.patch(ref, { type: 'merge', body }, { subresource: 'status' })
    this.#written.set(written.metadata.uid ?? '', Number(written.metadata.resourceVersion))
    const isWritten = Object.entries(annotations).every(([key, value]) => written.metadata.annotations?.[key] === value)
    if (!isWritten) await kube.patch(ref, { type: 'merge', body: { metadata: { annotations } } })
  }
}

/** How far a rollout has come. */
interface Rollout {
  readonly newest: ReplicaSet | undefined
  readonly older: readonly ReplicaSet[]
  readonly created?: boolean
  readonly rolling?: boolean
  readonly revision?: string
}

/** Old ReplicaSets are kept until the rollout is over. */
function isRolledOut(deployment: Deployment): boolean {
  const { status = {}, metadata } = deployment
  const counts = [status.updatedReplicas, status.replicas, status.availableReplicas]
  const isSeen = (status.observedGeneration ?? 0) >= (metadata.generation ?? 0)
  return isSeen && counts.every((count = 0) => count === wantedReplicas(deployment))
}

function revisionOf({ metadata }: KubeObject): number {
  return Number(metadata.annotations?.[REVISION] ?? 0)
}

/** Whether the ReplicaSet's pods are those of the template, the hash label aside (`EqualIgnoreHash`). */
export function isMadeOf({ spec }: ReplicaSet, template: PodTemplateSpec): boolean {
  const { [HASH_LABEL]: _hash, ...labels } = spec.template.metadata?.labels ?? {}
  return isSameJson({ ...spec.template, metadata: { ...spec.template.metadata, labels } }, template)
}

/** The annotations that a Deployment shares with its ReplicaSets: all but those that tell of its own state. */
function copiedAnnotations({ metadata }: Deployment): Record<string, string> {
  const all = Object.entries(metadata.annotations ?? {})
  return Object.fromEntries(
    all.filter(([name]) => name !== LAST_APPLIED && !name.startsWith('deployment.kubernetes.io/')),
  )
}

/** How `kubectl rollout` learns what a ReplicaSet was part of. */
function sizeAnnotations(deployment: Deployment): Record<string, string> {
  const replicas = wantedReplicas(deployment)
  return {
    'deployment.kubernetes.io/desired-replicas': String(replicas),
    'deployment.kubernetes.io/max-replicas': String(replicas + rolloutBounds(deployment).maxSurge),
  }
}

/** The ReplicaSet of the Deployment's present template, with its share of the replicas. */
export function assembleReplicaSet(deployment: Deployment, older: readonly ReplicaSet[]): ReplicaSet {
  const { name, namespace } = deployment.metadata
  const { template, selector, minReadySeconds } = deployment.spec
  const hash = hashSuffix(`${canonicalJson(template)} ${deployment.status?.collisionCount ?? 0}`, 10)
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash }
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace !== undefined && { namespace }),
      labels,
      annotations: {
        ...copiedAnnotations(deployment),
        ...sizeAnnotations(deployment),
        [REVISION]: String(Math.max(0, ...older.map(revisionOf)) + 1),
      },
      ownerReferences: [ownerReferenceTo(deployment, { controller: true })],
    },
    spec: {
      replicas: newestReplicas(deployment, undefined, older),
      ...(minReadySeconds !== undefined && { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  }
}
