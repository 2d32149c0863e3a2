import { predictorName } from '@nexus/core'
import { isAlreadyExists, isNotFound, Kinds, refTo } from '@nexus/kube'
import type { Deployment, InferenceService, Kind, KubeObject, Pod, ServingRuntime } from '@nexus/kube'
import { runReconciler, watching } from '../runtime/controller.ts'
import type { ControllerContext } from '../runtime/controller.ts'
import { canonicalJson, hasEverything, isSameJson, mergePatchBetween } from '../runtime/merge-patch.ts'
import { controllerOf, isBeingDeleted, isControlledBy, keyOf, parseKey } from '../runtime/objects.ts'
import type { EventNote } from '../runtime/events.ts'
import { conditionOf } from './conditions.ts'
import { DISABLE_AUTO_UPDATE, FINALIZER, INFERENCE_SERVICE_LABEL, isStopped } from './names.ts'
import { PredictorSpecError } from './pod-spec.ts'
import { appLabel, assembleModelConfig, assemblePredictor } from './resources.ts'
import type { PredictorResources } from './resources.ts'
import { chooseRuntime } from './serving-runtime.ts'
import type { RuntimeFailure } from './serving-runtime.ts'
import { deploymentMode, failedStatus, observeStatus } from './status.ts'
import type { InferenceServiceStatus } from './status.ts'

const COMPONENT = 'v1beta1Controllers'

/**
 * KServe's controller for InferenceServices in Standard mode (kserve/kserve@aaac4e294,
 * pkg/controller/v1beta1/inferenceservice): predictor only, no ingress objects, no storage initializer, no canaries.
 * Waits until the cluster serves InferenceServices.
 */
export async function runKServeController(context: ControllerContext): Promise<void> {
  const { informers } = context
  await Promise.all([
    informers.served('inferenceservices.serving.kserve.io'),
    informers.served('servingruntimes.serving.kserve.io'),
  ])
  const services = informers.of(Kinds.InferenceService)
  const reconciler = new KServeReconciler(context)
  await runReconciler(context, {
    name: 'kserve',
    sources: [
      watching(services, (isvc) => [keyOf(isvc)]),
      watching(informers.of(Kinds.ServingRuntime), (runtime) =>
        services.list({ namespace: runtime.metadata.namespace ?? '' }).map(keyOf),
      ),
      watching(informers.of(Kinds.Deployment), ownerKeys),
      watching(informers.of(Kinds.Service), ownerKeys),
      watching(informers.of(Kinds.HorizontalPodAutoscaler), ownerKeys),
      watching(informers.of(Kinds.Pod), podKeys),
    ],
    reconcile: (key) => reconciler.reconcile(key),
  })
}

function ownerKeys(object: KubeObject): string[] {
  const owner = controllerOf(object)
  return owner?.kind === 'InferenceService' ? [`${object.metadata.namespace ?? ''}/${owner.name}`] : []
}

function podKeys({ metadata }: Pod): string[] {
  const name = metadata.labels?.[INFERENCE_SERVICE_LABEL]
  return name === undefined ? [] : [`${metadata.namespace ?? ''}/${name}`]
}

class KServeReconciler {
  readonly #context: ControllerContext
  /** What was last found in order, by key: the wanted Deployment and the generation it was compared with. */
  readonly #inOrder = new Map<string, string>()

  constructor(context: ControllerContext) {
    this.#context = context
  }

  async reconcile(key: string): Promise<void> {
    const { name, namespace } = parseKey(key)
    const isvc = this.#context.informers.of(Kinds.InferenceService).get(name, namespace)
    if (isvc === undefined) {
      this.#inOrder.delete(key)
      return
    }
    if (isBeingDeleted(isvc)) return this.#finalize(isvc)
    if (deploymentMode(isvc) !== 'Standard' || isFrozen(isvc)) return
    await this.#addFinalizer(isvc)
    await this.#bringAbout(isvc)
  }

  /** What the InferenceService owns is garbage-collected; there is nothing else to clean up. */
  async #finalize(isvc: InferenceService): Promise<void> {
    if (isvc.metadata.finalizers?.includes(FINALIZER) !== true) return
    const finalizers = isvc.metadata.finalizers.filter((finalizer) => finalizer !== FINALIZER)
    await this.#patchFinalizers(isvc, finalizers)
  }

  async #addFinalizer(isvc: InferenceService): Promise<void> {
    const finalizers = isvc.metadata.finalizers ?? []
    if (!finalizers.includes(FINALIZER)) await this.#patchFinalizers(isvc, [...finalizers, FINALIZER])
  }

  async #patchFinalizers(isvc: InferenceService, finalizers: readonly string[]): Promise<void> {
    const ref = refTo(Kinds.InferenceService, isvc.metadata)
    await ignoreNotFound(this.#context.kube.patch(ref, { type: 'merge', body: { metadata: { finalizers } } }))
  }

  async #bringAbout(isvc: InferenceService): Promise<void> {
    const { informers, now } = this.#context
    const choice = chooseRuntime(isvc, informers.of(Kinds.ServingRuntime).list({ namespace: namespaceOf(isvc) }))
    if ('failure' in choice) return this.#fail(isvc, choice.failure)
    const resources = this.#assemble(isvc, choice.runtime)
    if ('failure' in resources) return this.#fail(isvc, resources.failure)

    if (isStopped(isvc.metadata.annotations)) await this.#stop(isvc)
    else await this.#applyResources(isvc, resources)
    const deployment = this.#owned(Kinds.Deployment, isvc)
    const pods = informers.of(Kinds.Pod).list({ namespace: namespaceOf(isvc), labels: { app: appLabel(isvc) } })
    const runtimeName = choice.runtime.metadata.name
    await this.#writeStatus(isvc, observeStatus(isvc, { runtimeName, deployment, pods, now: now() }))
  }

  #assemble(isvc: InferenceService, runtime: ServingRuntime): PredictorResources | { failure: RuntimeFailure } {
    try {
      return assemblePredictor(isvc, runtime)
    } catch (thrown) {
      if (!(thrown instanceof PredictorSpecError)) throw thrown
      const { message } = thrown
      return { failure: { info: { reason: 'InvalidPredictorSpec', message }, event: message } }
    }
  }

  async #fail(isvc: InferenceService, failure: RuntimeFailure): Promise<void> {
    const old = isvc.status?.modelStatus?.lastFailureInfo
    if (!isSameJson(old, failure.info)) this.#note(isvc, 'Warning', 'InternalError', failure.event)
    await this.#writeStatus(isvc, failedStatus(isvc, failure, this.#context.now()))
  }

  /** Service first, then Deployment, then autoscaler (`RawKubeReconciler.Reconcile` in reconcilers/raw). */
  async #applyResources(
    isvc: InferenceService,
    { service, deployment, autoscaler }: PredictorResources,
  ): Promise<void> {
    if (isvc.spec.predictor.model?.storageUri === undefined) await this.#applyModelConfig(isvc)
    await this.#applyIfDifferent(isvc, Kinds.Service, service)
    await this.#applyDeployment(isvc, deployment)
    if (autoscaler) await this.#applyIfDifferent(isvc, Kinds.HorizontalPodAutoscaler, autoscaler)
    else await this.#deleteOwned(isvc, Kinds.HorizontalPodAutoscaler)
  }

  async #applyModelConfig(isvc: InferenceService): Promise<void> {
    // Its content is other controllers' business: it is only made, never changed.
    const known = this.#context.informers.of(Kinds.ConfigMap)
    await known.synced
    const wanted = assembleModelConfig(isvc)
    if (known.get(wanted.metadata.name, namespaceOf(isvc)) === undefined) await this.#create(wanted)
  }

  /** Spec only, as KServe compares Services and HPAs; fields that the API server added are left alone. */
  async #applyIfDifferent<T extends KubeObject & { spec: object }>(
    isvc: InferenceService,
    kind: Kind<T>,
    wanted: T,
  ): Promise<void> {
    const found = this.#context.informers.of(kind).get(wanted.metadata.name, namespaceOf(isvc))
    if (found === undefined) return this.#create(wanted)
    if (isBeingDeleted(found) || hasEverything(found.spec, wanted.spec)) return
    const { labels, annotations } = wanted.metadata
    const body = { metadata: { labels, annotations }, spec: wanted.spec }
    await this.#context.kube.patch(refTo(kind, wanted.metadata), { type: 'merge', body })
  }

  /**
   * A dry-run update says what the API server makes of the wanted Deployment; what then differs is patched
   * (`checkDeploymentExist` and `Reconcile` in reconcilers/deployment). The autoscaler sets `replicas`, so it is left out.
   */
  async #applyDeployment(isvc: InferenceService, wanted: Deployment): Promise<void> {
    const { kube, informers } = this.#context
    const found = informers.of(Kinds.Deployment).get(wanted.metadata.name, namespaceOf(isvc))
    if (found === undefined) return this.#create(wanted)
    if (isBeingDeleted(found)) return
    const compared = `${found.metadata.uid} ${found.metadata.generation} ${canonicalJson(wanted)}`
    if (this.#inOrder.get(keyOf(isvc)) === compared) return
    const isScaled = wanted.spec.replicas === undefined
    const asFound = isScaled ? withReplicas(wanted, found.spec.replicas) : wanted
    const planned = await kube.replace(withVersion(asFound, found), { dryRun: 'All' })
    const spec = mergePatchBetween(found.spec, planned.spec)
    if (spec === undefined) {
      this.#inOrder.set(keyOf(isvc), compared)
      return
    }
    // The pods' labels and annotations are those that this controller gave the Deployment, too.
    const metadata = mergePatchBetween(found.spec.template.metadata, wanted.spec.template.metadata)
    await kube.patch(refTo(Kinds.Deployment, wanted.metadata), { type: 'merge', body: { metadata, spec } })
  }

  async #stop(isvc: InferenceService): Promise<void> {
    await this.#deleteOwned(isvc, Kinds.Service)
    await this.#deleteOwned(isvc, Kinds.Deployment)
    await this.#deleteOwned(isvc, Kinds.HorizontalPodAutoscaler)
  }

  #owned<T extends KubeObject>(kind: Kind<T>, isvc: InferenceService): T | undefined {
    const found = this.#context.informers.of(kind).get(predictorName(isvc.metadata.name), namespaceOf(isvc))
    return found !== undefined && isControlledBy(found, isvc) ? found : undefined
  }

  async #deleteOwned(isvc: InferenceService, kind: Kind): Promise<void> {
    const found = this.#owned(kind, isvc)
    if (found === undefined || isBeingDeleted(found)) return
    await ignoreNotFound(this.#context.kube.delete(refTo(kind, found.metadata), { propagationPolicy: 'Background' }))
  }

  async #create(object: KubeObject): Promise<void> {
    try {
      await this.#context.kube.create(object)
    } catch (thrown) {
      // Made by an earlier try that this informer has not heard of yet; its arrival brings the next look.
      if (!isAlreadyExists(thrown)) throw thrown
    }
  }

  async #writeStatus(isvc: InferenceService, status: InferenceServiceStatus): Promise<void> {
    const patch = mergePatchBetween(isvc.status, status)
    if (patch === undefined) return
    const ref = refTo(Kinds.InferenceService, isvc.metadata)
    await this.#context.kube.patch(ref, { type: 'merge', body: { status: patch } }, { subresource: 'status' })
    this.#noteReadiness(isvc, status)
  }

  #noteReadiness(isvc: InferenceService, status: InferenceServiceStatus): void {
    const wasReady = conditionOf(isvc.status?.conditions, 'Ready')?.status === 'True'
    const ready = conditionOf(status.conditions, 'Ready')?.status
    const { name } = isvc.metadata
    if (!wasReady && ready === 'True') {
      this.#note(isvc, 'Normal', 'InferenceServiceReady', `InferenceService [${name}] is Ready`)
    }
    if (!wasReady || ready !== 'False') return
    const failed = status.conditions?.filter(({ status }) => status === 'False').map(({ type }) => type) ?? []
    const message = `InferenceService [${name}] is no longer Ready because of: ${failed.join(', ')}`
    this.#note(isvc, 'Warning', 'InferenceServiceNotReady', message)
  }

  #note(isvc: InferenceService, type: EventNote['type'], reason: string, message: string): void {
    this.#context.events.record(isvc, { type, reason, message, component: COMPONENT })
  }
}

/** `serving.kserve.io/disable-auto-update`: nothing is changed while the InferenceService is ready. */
function isFrozen({ metadata, status }: InferenceService): boolean {
  const isReady = conditionOf(status?.conditions, 'Ready')?.status === 'True'
  return metadata.annotations?.[DISABLE_AUTO_UPDATE] === 'true' && isReady
}

function namespaceOf({ metadata }: KubeObject): string {
  return metadata.namespace ?? ''
}

function withReplicas(deployment: Deployment, replicas: number | undefined): Deployment {
  return { ...deployment, spec: { ...deployment.spec, ...(replicas !== undefined && { replicas }) } }
}

function withVersion(wanted: Deployment, { metadata }: Deployment): Deployment {
  const { resourceVersion } = metadata
  return { ...wanted, metadata: { ...wanted.metadata, ...(resourceVersion !== undefined && { resourceVersion }) } }
}

async function ignoreNotFound(write: Promise<unknown>): Promise<void> {
  try {
    await write
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown
  }
}
