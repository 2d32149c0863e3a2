import { mkdir } from 'node:fs/promises'
import { isNotFound, Kinds, refTo } from '@nexus/kube'
import type { KubeClient, Pod, Volume } from '@nexus/kube'
import { MountError } from './mount-error.ts'

/**
 * The folder of the volume that a claim is bound to.
 *
 * @throws MountError where the claim is not there or not bound, or its volume is none of this machine
 */
export async function claimFolder(kube: KubeClient, { metadata }: Pod, volume: Volume): Promise<string> {
  const name = volume.persistentVolumeClaim?.claimName ?? ''
  const ref = refTo(Kinds.PersistentVolumeClaim, { name, namespace: metadata.namespace ?? 'default' })
  const claim = await kube.get(ref).catch((error: unknown) => {
    if (isNotFound(error)) throw new MountError(volume.name, `persistentvolumeclaim "${name}" not found`)
    throw error
  })
  const { volumeName } = claim.spec
  if (claim.status?.phase !== 'Bound' || volumeName === undefined) {
    throw new MountError(volume.name, `PVC ${claim.metadata.namespace}/${name} is not bound`)
  }
  const bound = await kube.get(refTo(Kinds.PersistentVolume, { name: volumeName }))
  const path = bound.spec.hostPath?.path ?? bound.spec.local?.path
  if (path === undefined) throw new MountError(volume.name, `volume ${volumeName} has no folder on this machine`)
  await mkdir(path, { recursive: true })
  return path
}
