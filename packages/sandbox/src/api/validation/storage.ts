import type { ApiObject } from '../object.ts'
import { fieldAt, listAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { invalidValue, oneOf, required } from './cause.ts'
import { checkQuantity } from './quantity.ts'

const MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']

export function validateClaim(object: ApiObject): StatusCause[] {
  const modes = listAt(object, 'spec', 'accessModes')
  return [
    ...(modes.length === 0 ? [required('spec.accessModes', 'at least 1 access mode is required')] : []),
    ...modes.flatMap((mode) => oneOf('spec.accessModes', mode, MODES)),
    ...checkSize(fieldAt(object, 'spec', 'resources', 'requests', 'storage')),
  ]
}

function checkSize(size: unknown): StatusCause[] {
  const field = 'spec.resources[storage]'
  if (size === undefined) return [required(field)]
  return size === '0' ? [invalidValue(field, size, 'must be greater than zero')] : checkQuantity(field, size)
}
