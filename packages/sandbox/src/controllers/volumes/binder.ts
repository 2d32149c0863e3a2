import { isNotFound, Kinds, refTo } from '@nexus/kube'
import type { KubeObject, ObjectRef, PersistentVolume, PersistentVolumeClaim } from '@nexus/kube'
import { runReconciler, watching } from '../runtime/controller.ts'
import type { ControllerContext } from '../runtime/controller.ts'
import { mergePatchBetween } from '../runtime/merge-patch.ts'
import { isBeingDeleted, keyOf, parseKey } from '../runtime/objects.ts'
import { chooseVolume, volumePhase } from './binding.ts'
import {
  BIND_COMPLETED,
  BOUND_BY_CONTROLLER,
  className,
  isFor,
  OLDER_STORAGE_PROVISIONER,
  SELECTED_NODE,
  STORAGE_PROVISIONER,
  waitsForPod,
} from './names.ts'

const COMPONENT = 'persistentvolume-controller'
const WAITING = 'waiting for first consumer to be created before binding'
const IF_DELAYED =
  'If volume creation is delayed, please verify that the provisioner is running and correctly registered.'

/**
 * Binds claims to volumes, asks provisioners for those that have none, and tells volumes apart that are free, bound or
 * released. Keys are those of claims, and names of volumes.
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
    const { informers } = this.#context
    const volumes = informers
      .of(Kinds.PersistentVolume)
      .list()
      .filter((volume) => !isBeingDeleted(volume))
    const storageClass = informers.of(Kinds.StorageClass).get(className(claim))
    const isReserved = volumes.some((volume) => isFor(volume, claim))
    if (!isReserved && waitsForPod(storageClass) && claim.metadata.annotations?.[SELECTED_NODE] === undefined) {
      return this.#note(claim, 'Normal', 'WaitForFirstConsumer', WAITING)
    }
    const chosen = chooseVolume(claim, volumes)
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
      if (className(claim)) return this.#note(claim, 'Warning', 'ProvisioningFailed', message)
      return this.#note(claim, 'Normal', 'FailedBinding', message)
    }
    if (claim.metadata.annotations?.[STORAGE_PROVISIONER] === storageClass.provisioner) return
    const { provisioner } = storageClass
    const annotations = { [STORAGE_PROVISIONER]: provisioner, [OLDER_STORAGE_PROVISIONER]: provisioner }
    await this.#patch(ref, { metadata: { annotations } })
    const waiting = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator.`
    this.#note(claim, 'Normal', 'ExternalProvisioning', `${waiting} ${IF_DELAYED}`)
  }

  #note(claim: PersistentVolumeClaim, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#context.events.record(claim, { type, reason, message, component: COMPONENT })
  }

  async #completeBinding(claim: PersistentVolumeClaim, volumeName: string): Promise<void> {
    const volume = this.#context.informers.of(Kinds.PersistentVolume).get(volumeName)
    const ref = refTo(Kinds.PersistentVolumeClaim, claim.metadata)
    if (volume === undefined) {
      if (claim.status?.phase === 'Bound') await this.#patchStatus(ref, { phase: 'Lost' })
      return
    }
    if (volume.spec.claimRef !== undefined && !isFor(volume, claim)) return this.#refuseTaken(claim)
    await this.#reserve(volume, claim)
    const { accessModes } = volume.spec
    // What a bound claim has grows only when its volume has been resized.
    const capacity = claim.status?.phase === 'Bound' ? claim.status.capacity : volume.spec.capacity
    const status = { ...claim.status, phase: 'Bound', accessModes, capacity }
    const patch = mergePatchBetween(claim.status, status)
    if (patch) await this.#patchStatus(ref, patch)
  }

  /** A claim that asks by name for a volume of another claim waits for it; one that had it before has lost it. */
  async #refuseTaken(claim: PersistentVolumeClaim): Promise<void> {
    const ref = refTo(Kinds.PersistentVolumeClaim, claim.metadata)
    if (claim.status?.phase === undefined) return this.#patchStatus(ref, { phase: 'Pending' })
    if (claim.status.phase !== 'Bound') return
    await this.#patchStatus(ref, { phase: 'Lost' })
    const message = 'Two claims are bound to the same volume, this one is bound incorrectly'
    this.#note(claim, 'Warning', 'ClaimMisbound', message)
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
