import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '@nexus/kube'

/** The provisioner of the class `nexus-local`. */
export const PROVISIONER = 'nexus.dev/local-path'

/** Tells a provisioner that a claim waits for it; written by whoever binds volumes. */
export const STORAGE_PROVISIONER = 'volume.kubernetes.io/storage-provisioner'
/** The same under the name that older provisioners look for. */
export const OLDER_STORAGE_PROVISIONER = 'volume.beta.kubernetes.io/storage-provisioner'
/** The node for which a volume is to be made, said by the scheduler to whoever makes it. */
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node'
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by'
export const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed'
export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller'

/** Whether the volume says that it belongs to the claim: the names, and the uid where it names one. */
export function isFor(volume: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const { claimRef } = volume.spec
  if (claimRef === undefined) return false
  const isNamed = claimRef.name === metadata.name && claimRef.namespace === metadata.namespace
  return isNamed && (claimRef.uid === undefined || claimRef.uid === '' || claimRef.uid === metadata.uid)
}

export function isPending({ spec, status }: PersistentVolumeClaim): boolean {
  return !spec.volumeName && status?.phase !== 'Bound'
}

export function className({ spec }: { spec: { storageClassName?: string } }): string {
  return spec.storageClassName ?? ''
}

/** The class of a claim, when it is one of ours. */
export function isOurs(storageClass: StorageClass | undefined): storageClass is StorageClass {
  return storageClass?.provisioner === PROVISIONER
}

/** Whether volumes of the class are bound and made only when a pod needs them. */
export function waitsForPod(storageClass: StorageClass | undefined): boolean {
  return storageClass?.volumeBindingMode === 'WaitForFirstConsumer'
}
