import type { ApiObject } from '../object.ts'
import { isRecord, recordAt } from '../objects/fields.ts'
import { canonicalQuantities } from './quantity.ts'

/** A claim, or the template of one. */
export function defaultClaim(object: Record<string, unknown>): void {
  const spec = recordAt(object, 'spec')
  spec['volumeMode'] ??= 'Filesystem'
  if (isRecord(spec['resources'])) canonicalQuantities(spec['resources'], 'requests', 'limits')
}

export function defaultPersistentVolume(object: ApiObject): void {
  const spec = recordAt(object, 'spec')
  spec['volumeMode'] ??= 'Filesystem'
  spec['persistentVolumeReclaimPolicy'] ??= 'Retain'
  canonicalQuantities(spec, 'capacity')
  if (isRecord(spec['hostPath'])) spec['hostPath']['type'] ??= ''
}

export function defaultStorageClass(object: ApiObject): void {
  object['reclaimPolicy'] ??= 'Delete'
  object['volumeBindingMode'] ??= 'Immediate'
}
