import { fieldAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { invalidValue } from './cause.ts'

const PERCENT = '[0-9]+%'

/** A whole number of 0 or more, where the field is there. */
export function notNegative(parent: unknown, field: string): StatusCause[] {
  const value = fieldAt(parent, field.slice(field.lastIndexOf('.') + 1))
  if (value === undefined) return []
  if (typeof value !== 'number' || !Number.isInteger(value)) return [invalidValue(field, value, 'must be an integer')]
  return value < 0 ? [invalidValue(field, value, 'must be greater than or equal to 0')] : []
}

/** A number of 0 or more, or a percentage. */
export function checkShare(field: string, value: unknown, mostPercent = Infinity): StatusCause[] {
  if (value === undefined) return []
  if (typeof value === 'number') {
    return value < 0 ? [invalidValue(field, value, 'must be greater than or equal to 0')] : []
  }
  if (typeof value !== 'string' || !new RegExp(`^${PERCENT}$`).test(value)) {
    const rule = `a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '${PERCENT}')`
    return [invalidValue(field, value, rule)]
  }
  return Number.parseInt(value, 10) > mostPercent
    ? [invalidValue(field, value, `must not be greater than ${mostPercent}%`)]
    : []
}
