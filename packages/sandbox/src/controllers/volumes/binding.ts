import { compareQuantities } from '@nexus/kube'
import type { PersistentVolume, PersistentVolumeClaim } from '@nexus/kube'
import { className, isFor } from './names.ts'

/**
 * The volume a claim gets: one that names it, else the smallest free one that is large enough and has the class and the
 * access modes (`findMatchingVolume` in kubernetes pkg/controller/volume/persistentvolume/index.go).
 */
export function chooseVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
): PersistentVolume | undefined {
  const reserved = volumes.find((volume) => isFor(volume, claim))
  if (reserved !== undefined) return reserved
  const [smallest] = volumes
    .filter((volume) => volume.spec.claimRef === undefined && suits(volume, claim))
    .sort((a, b) => compareQuantities(sizeOf(a), sizeOf(b)))
  return smallest
}

function suits(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const wanted = claim.spec.resources?.requests?.['storage'] ?? 0
  const modes = volume.spec.accessModes ?? []
  return (
    className(volume) === className(claim) &&
    (volume.spec.volumeMode ?? 'Filesystem') === (claim.spec.volumeMode ?? 'Filesystem') &&
    (claim.spec.accessModes ?? []).every((mode) => modes.includes(mode)) &&
    compareQuantities(sizeOf(volume), wanted) >= 0
  )
}

function sizeOf({ spec }: PersistentVolume): string | number {
  return spec.capacity?.['storage'] ?? 0
}

/** The phase of a volume, given the claim it names if that exists. */
export function volumePhase(
  { spec }: PersistentVolume,
  claim: PersistentVolumeClaim | undefined,
): 'Available' | 'Bound' | 'Released' {
  if (spec.claimRef === undefined) return 'Available'
  const { uid } = spec.claimRef
  // A reservation by name alone waits for its claim.
  if (uid === undefined || uid === '') return 'Available'
  return claim?.metadata.uid === uid ? 'Bound' : 'Released'
}
