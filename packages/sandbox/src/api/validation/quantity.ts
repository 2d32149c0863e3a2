import { QUANTITY_RULE } from '../defaults/quantity.ts'
import { isRecord } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { invalidValue } from './cause.ts'

const QUANTITY = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/

/** Quantities that cannot be read, or are negative, in a map of them (`limits`, `requests`). */
export function checkQuantities(field: string, quantities: unknown): StatusCause[] {
  if (!isRecord(quantities)) return []
  return Object.entries(quantities).flatMap(([name, quantity]) => checkQuantity(`${field}[${name}]`, quantity))
}

export function checkQuantity(field: string, quantity: unknown): StatusCause[] {
  if (typeof quantity !== 'string' || !QUANTITY.test(quantity)) return [invalidValue(field, quantity, QUANTITY_RULE)]
  return quantity.startsWith('-') ? [invalidValue(field, quantity, 'must be greater than or equal to 0')] : []
}
