import type { Call } from '../cluster.ts'
import { forbidden } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { fieldAt, stringAt } from './fields.ts'
import { compareAmounts } from './quantity.ts'

const REFUSAL =
  'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize'

/** Refuses a claim that asks for more than it has where its class cannot grow volumes (`PersistentVolumeClaimResize`). */
export function checkClaimGrowth({ cluster, resource, path }: Call, claim: ApiObject, existing: ApiObject): void {
  if (resource.storageKey !== 'persistentvolumeclaims' || path.subresource !== '') return
  if (compareAmounts(sizeOf(claim), sizeOf(existing)) <= 0) return
  const name = stringAt(existing, 'spec', 'storageClassName') ?? ''
  const storageClass = cluster.store.get('storageclasses.storage.k8s.io', '', name)
  if (fieldAt(storageClass, 'allowVolumeExpansion') !== true) throw forbidden(resource, existing.metadata.name, REFUSAL)
}

function sizeOf(claim: ApiObject): string | undefined {
  return stringAt(claim, 'spec', 'resources', 'requests', 'storage')
}
