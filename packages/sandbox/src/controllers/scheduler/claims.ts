import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '@nexus/kube'
import { isBeingDeleted } from '../runtime/objects.ts'
import { className, waitsForPod } from '../volumes/names.ts'

/** What a pod's claims mean for its way to a node. */
export interface JudgedClaims {
  /** Why no node will do. */
  readonly refusal?: string
  /** Bound ones' volumes. */
  readonly volumes: readonly PersistentVolume[]
  /** Claims without a volume whose class waits for the first pod. */
  readonly waiting: readonly PersistentVolumeClaim[]
  /** Names of those that one pod at a time may use. */
  readonly exclusive: readonly string[]
}

export interface KnownStorage {
  readonly claim: (name: string) => PersistentVolumeClaim | undefined
  readonly volume: (name: string) => PersistentVolume | undefined
  readonly storageClass: (name: string) => StorageClass | undefined
}

export function judgeClaims(names: readonly string[], known: KnownStorage): JudgedClaims {
  const nothing = { volumes: [], waiting: [], exclusive: [] }
  const claims: PersistentVolumeClaim[] = []
  for (const name of names) {
    const claim = known.claim(name)
    if (claim === undefined) return { ...nothing, refusal: `persistentvolumeclaim "${name}" not found` }
    if (isBeingDeleted(claim)) return { ...nothing, refusal: `persistentvolumeclaim "${name}" is being deleted` }
    claims.push(claim)
  }
  const unbound = claims.filter(({ status }) => status?.phase !== 'Bound')
  const waiting = unbound.filter((claim) => waitsForPod(known.storageClass(className(claim))))
  if (waiting.length < unbound.length)
    return { ...nothing, refusal: 'pod has unbound immediate PersistentVolumeClaims' }
  return {
    waiting,
    volumes: claims.flatMap(({ spec }) => (spec.volumeName ? (known.volume(spec.volumeName) ?? []) : [])),
    exclusive: claims.flatMap(({ metadata, spec }) =>
      spec.accessModes?.includes('ReadWriteOncePod') === true ? [metadata.name] : [],
    ),
  }
}
