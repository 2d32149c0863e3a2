import { isNotFound, Kinds, refTo } from '@nexus/kube'
import type { KubeObject, ObjectRef, PersistentVolume, PersistentVolumeClaim } from '@nexus/kube'
import { runReconciler, watching } from '../runtime/controller.ts'
import type { ControllerContext } from '../runtime/controller.ts'
import { mergePatchBetween } from '../runtime/merge-patch.ts'
import { isBeingDeleted, keyOf, parseKey } from '../runtime/objects.ts'
import { chooseVolume, volumePhase } from './binding.ts'
import { BIND_COMPLETED, BOUND_BY_CONTROLLER, className, STORAGE_PROVISIONER } from './names.ts'

const COMPONENT = 'persistentvolume-controller'

/**
 * Binds claims to volumes, asks provisioners for those that have none, and tells volumes apart that are free, bound or
 * released. Keys are those of claims, and names of volumes. Binding at once only, as local volumes need no placement.
 */
export async function runVolumeBinder(context: ControllerContext): Promise<void> {
  const { informers } = context
  const claims = informers.of(Kinds.PersistentVolumeClaim)
  const volumes = informers.of(Kinds.PersistentVolume)
  const binder = new VolumeBinder(context)
  await runReconciler(context, {
    name: 'pv-binder',
    sources: [
      watching(claims, (claim) => [keyOf(claim), ...(claim.spec.volumeName ? [claim.spec.volumeName] : [])]),
      watching(volumes, (volume) => [volume.metadata.name, ...claims.list().filter(isUnbound).map(keyOf)]),
      watching(informers.of(Kinds.StorageClass), () => claims.list().filter(isUnbound).map(keyOf)),
    ],
    reconcile: (key) => binder.reconcile(key),
    // One at a time: two claims must not choose the same volume.
    concurrency: 1,
  })
}

function isUnbound({ status }: PersistentVolumeClaim): boolean {
  return status?.phase !== 'Bound'
}

class VolumeBinder {
  readonly #context: ControllerContext

  constructor(context: ControllerContext) {
    this.#context = context
  }

  async reconcile(key: string): Promise<void> {
    const { informers } = this.#context
    const { name, namespace } = parseKey(key)
    if (namespace === undefined) {
      const volume = informers.of(Kinds.PersistentVolume).get(name)
      if (volume) await this.#writePhase(volume)
      return
    }
    const claim = informers.of(Kinds.PersistentVolumeClaim).get(name, namespace)
    if (claim === undefined || isBeingDeleted(claim)) return
    if (claim.spec.volumeName) await this.#completeBinding(claim, claim.spec.volumeName)
    else await this.#findVolume(claim)
  }

  async #findVolume(claim: PersistentVolumeClaim): Promise<void> {
    const volumes = this.#context.informers.of(Kinds.PersistentVolume).list()
    const chosen = chooseVolume(
      claim,
      volumes.filter((volume) => !isBeingDeleted(volume)),
    )
    if (chosen === undefined) {
      await this.#askProvisioner(claim)
      return
    }
    await this.#reserve(chosen, claim)
    await this.#patch(refTo(Kinds.PersistentVolumeClaim, claim.metadata), {
      metadata: { annotations: { [BIND_COMPLETED]: 'yes', [BOUND_BY_CONTROLLER]: 'yes' } },
      spec: { volumeName: chosen.metadata.name },
    })
  }

  async #askProvisioner(claim: PersistentVolumeClaim): Promise<void> {
    const ref = refTo(Kinds.PersistentVolumeClaim, claim.metadata)
    if (claim.status?.phase === undefined) await this.#patchStatus(ref, { phase: 'Pending' })
    const storageClass = this.#context.informers.of(Kinds.StorageClass).get(className(claim))
    if (storageClass === undefined) {
      const message = className(claim)
        ? `storageclass.storage.k8s.io "${className(claim)}" not found`
        : 'no persistent volumes available for this claim and no storage class is set'
      const [type, reason] = className(claim)
        ? (['Warning', 'ProvisioningFailed'] as const)
        : (['Normal', 'FailedBinding'] as const)
      this.#context.events.record(claim, { type, reason, message, component: COMPONENT })
      return
    }
    if (claim.metadata.annotations?.[STORAGE_PROVISIONER] === storageClass.provisioner) return
    await this.#patch(ref, { metadata: { annotations: { [STORAGE_PROVISIONER]: storageClass.provisioner } } })
    const message = `Waiting for a volume to be created by the external provisioner '${storageClass.provisioner}'.`
    const note = { type: 'Normal', reason: 'ExternalProvisioning', message, component: COMPONENT } as const
    this.#context.events.record(claim, note)
  }

  async #completeBinding(claim: PersistentVolumeClaim, volumeName: string): Promise<void> {
    const volume = this.#context.informers.of(Kinds.PersistentVolume).get(volumeName)
    const ref = refTo(Kinds.PersistentVolumeClaim, claim.metadata)
    if (volume === undefined) {
      if (claim.status?.phase === 'Bound') await this.#patchStatus(ref, { phase: 'Lost' })
      return
    }
    await this.#reserve(volume, claim)
    const { capacity, accessModes } = volume.spec
    const status = { ...claim.status, phase: 'Bound', accessModes, capacity }
    const patch = mergePatchBetween(claim.status, status)
    if (patch) await this.#patchStatus(ref, patch)
  }

  /** The volume names its claim with its uid before the claim names the volume: a crash in between loses neither. */
  async #reserve({ metadata, spec }: PersistentVolume, claim: PersistentVolumeClaim): Promise<void> {
    const { name, namespace, uid } = claim.metadata
    if (spec.claimRef?.uid === uid) return
    const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid }
    const { resourceVersion } = metadata
    await this.#patch(refTo(Kinds.PersistentVolume, metadata), { metadata: { resourceVersion }, spec: { claimRef } })
  }

  async #writePhase(volume: PersistentVolume): Promise<void> {
    const { claimRef } = volume.spec
    const claims = this.#context.informers.of(Kinds.PersistentVolumeClaim)
    const phase = volumePhase(volume, claimRef && claims.get(claimRef.name ?? '', claimRef.namespace))
    if (volume.status?.phase === phase) return
    await this.#patchStatus(refTo(Kinds.PersistentVolume, volume.metadata), { phase })
  }

  async #patch<T extends KubeObject>(ref: ObjectRef<T>, body: object): Promise<void> {
    await unlessGone(this.#context.kube.patch(ref, { type: 'merge', body }))
  }

  async #patchStatus<T extends KubeObject>(ref: ObjectRef<T>, status: object): Promise<void> {
    await unlessGone(this.#context.kube.patch(ref, { type: 'merge', body: { status } }, { subresource: 'status' }))
  }
}

async function unlessGone(write: Promise<unknown>): Promise<void> {
  try {
    await write
  } catch (thrown) {
    if (!isNotFound(thrown)) throw thrown
  }
}
