import { mkdir, rm } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { compareQuantities, isAlreadyExists, isNotFound, Kinds, refTo } from '@nexus/kube'
import type { PersistentVolume, PersistentVolumeClaim, Quantity, StorageClass } from '@nexus/kube'
import { runReconciler, watching } from '../runtime/controller.ts'
import type { ControllerContext } from '../runtime/controller.ts'
import { isBeingDeleted, keyOf, parseKey } from '../runtime/objects.ts'
import { className, isFor, isOurs, isPending, PROVISIONED_BY, PROVISIONER, STORAGE_PROVISIONER } from './names.ts'

const COMPONENT = PROVISIONER

/**
 * Makes a folder and a PersistentVolume for each claim of a class of `nexus.dev/local-path`, and removes both when the claim
 * is gone and the class says Delete. Somebody else binds them: the binder beside this one, or kube-controller-manager.
 */
export async function runVolumeProvisioner(context: ControllerContext, volumesDir: string): Promise<void> {
  const { informers } = context
  const claims = informers.of(Kinds.PersistentVolumeClaim)
  const provisioner = new VolumeProvisioner(context, resolve(volumesDir))
  await runReconciler(context, {
    name: 'pv-provisioner',
    sources: [
      watching(claims, (claim) => [keyOf(claim)]),
      watching(informers.of(Kinds.StorageClass), () => claims.list().filter(isPending).map(keyOf)),
      watching(informers.of(Kinds.PersistentVolume), (volume) => [volume.metadata.name]),
    ],
    reconcile: (key) => provisioner.reconcile(key),
  })
}

class VolumeProvisioner {
  readonly #context: ControllerContext
  readonly #volumesDir: string

  constructor(context: ControllerContext, volumesDir: string) {
    this.#context = context
    this.#volumesDir = volumesDir
  }

  async reconcile(key: string): Promise<void> {
    const { informers } = this.#context
    const { name, namespace } = parseKey(key)
    if (namespace === undefined) {
      const volume = informers.of(Kinds.PersistentVolume).get(name)
      if (volume && isReclaimable(volume)) await this.#remove(volume)
      return
    }
    const claim = informers.of(Kinds.PersistentVolumeClaim).get(name, namespace)
    if (claim === undefined || isBeingDeleted(claim)) return
    if (!isPending(claim)) return this.#resize(claim)
    if (claim.metadata.annotations?.[STORAGE_PROVISIONER] !== PROVISIONER) return
    const storageClass = informers.of(Kinds.StorageClass).get(className(claim))
    const isServed = informers
      .of(Kinds.PersistentVolume)
      .list()
      .some((volume) => isFor(volume, claim))
    if (isOurs(storageClass) && !isServed) await this.#provision(claim, storageClass)
  }

  async #provision(claim: PersistentVolumeClaim, storageClass: StorageClass): Promise<void> {
    const volume = assembleVolume(claim, storageClass, this.#volumesDir)
    await mkdir(volume.spec.hostPath?.path ?? this.#volumesDir, { recursive: true })
    try {
      await this.#context.kube.create(volume)
    } catch (thrown) {
      if (isAlreadyExists(thrown)) return
      throw thrown
    }
    this.#note(claim, 'ProvisioningSucceeded', `Successfully provisioned volume ${volume.metadata.name}`)
  }

  /** A folder grows by itself: the volume says so first, then the claim. */
  async #resize(claim: PersistentVolumeClaim): Promise<void> {
    const { kube, informers } = this.#context
    const storage = claim.spec.resources?.requests?.['storage']
    const volume = informers.of(Kinds.PersistentVolume).get(claim.spec.volumeName ?? '')
    if (storage === undefined || volume === undefined || !isTooSmall(claim, volume, storage)) return
    if (compareQuantities(volume.spec.capacity?.['storage'] ?? 0, storage) < 0) {
      this.#note(claim, 'Resizing', `External resizer is resizing volume ${volume.metadata.name}`)
      await kube.patch(refTo(Kinds.PersistentVolume, volume.metadata), {
        type: 'merge',
        body: { spec: { capacity: { storage } } },
      })
    }
    const body = { status: { capacity: { storage } } }
    const ref = refTo(Kinds.PersistentVolumeClaim, claim.metadata)
    await kube.patch(ref, { type: 'merge', body }, { subresource: 'status' })
    this.#note(claim, 'VolumeResizeSuccessful', 'Resize volume succeeded')
  }

  #note(claim: PersistentVolumeClaim, reason: string, message: string): void {
    this.#context.events.record(claim, { type: 'Normal', reason, message, component: COMPONENT })
  }

  /** The folder first: a volume without an object could not be found again. */
  async #remove(volume: PersistentVolume): Promise<void> {
    const path = volume.spec.hostPath?.path
    if (path !== undefined && isInside(this.#volumesDir, path)) await rm(path, { recursive: true, force: true })
    if (isBeingDeleted(volume)) return
    await this.#context.kube.delete(refTo(Kinds.PersistentVolume, volume.metadata)).catch((thrown: unknown) => {
      if (!isNotFound(thrown)) throw thrown
    })
  }
}

/** Whether a volume of ours has less than its claim asks for since it was bound. */
function isTooSmall({ status }: PersistentVolumeClaim, { metadata }: PersistentVolume, storage: Quantity): boolean {
  if (metadata.annotations?.[PROVISIONED_BY] !== PROVISIONER || status?.phase !== 'Bound') return false
  return compareQuantities(status.capacity?.['storage'] ?? 0, storage) < 0
}

function isReclaimable({ metadata, spec, status }: PersistentVolume): boolean {
  const isMade = metadata.annotations?.[PROVISIONED_BY] === PROVISIONER
  return isMade && status?.phase === 'Released' && spec.persistentVolumeReclaimPolicy === 'Delete'
}

/** Whether `path` is a folder below `folder`: nothing else is ever removed. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, resolve(path))
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`)
}

/** The volume of a claim. Its folder can be told by a person: namespace, claim, and what makes it unique. */
export function assembleVolume(
  claim: PersistentVolumeClaim,
  { metadata, reclaimPolicy = 'Delete' }: StorageClass,
  volumesDir: string,
): PersistentVolume {
  const { name, namespace = 'default', uid = '' } = claim.metadata
  const { accessModes, resources, volumeMode = 'Filesystem' } = claim.spec
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `pvc-${uid}`, annotations: { [PROVISIONED_BY]: PROVISIONER } },
    spec: {
      capacity: { storage: resources?.requests?.['storage'] ?? 0 },
      ...(accessModes && { accessModes }),
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid },
      storageClassName: metadata.name,
      persistentVolumeReclaimPolicy: reclaimPolicy,
      volumeMode,
      hostPath: { path: join(volumesDir, `${namespace}_${name}_${uid}`), type: 'DirectoryOrCreate' },
    },
  }
}
