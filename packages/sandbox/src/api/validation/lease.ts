import type { ApiObject } from '../object.ts'
import { numberAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { invalidValue } from './cause.ts'

export function validateLease({ spec }: ApiObject): StatusCause[] {
  const seconds = numberAt(spec, 'leaseDurationSeconds') ?? 1
  return seconds > 0 ? [] : [invalidValue('spec.leaseDurationSeconds', seconds, 'must be greater than 0')]
}
