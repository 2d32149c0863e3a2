import type { StatusCause } from '../status.ts'

/** A field that must be there, or must not be empty. */
export function required(field: string, detail?: string): StatusCause {
  const message = detail === undefined ? 'Required value' : `Required value: ${detail}`
  return { reason: 'FieldValueRequired', message, field }
}

export function invalidValue(field: string, value: unknown, detail: string): StatusCause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(value)}: ${detail}`, field }
}

export function duplicate(field: string, value: unknown): StatusCause {
  return { reason: 'FieldValueDuplicate', message: `Duplicate value: ${JSON.stringify(value)}`, field }
}

export function notFound(field: string, value: unknown): StatusCause {
  return { reason: 'FieldValueNotFound', message: `Not found: ${JSON.stringify(value)}`, field }
}

export function forbidden(field: string, detail: string): StatusCause {
  return { reason: 'FieldValueForbidden', message: `Forbidden: ${detail}`, field }
}

export function tooLong(field: string, limit: number): StatusCause {
  return { reason: 'FieldValueTooLong', message: `Too long: may not be more than ${limit} bytes`, field }
}

/** One of a closed list; no cause when `value` is among them. */
export function oneOf(field: string, value: unknown, supported: readonly string[]): StatusCause[] {
  if (typeof value === 'string' && supported.includes(value)) return []
  const list = supported.map((each) => JSON.stringify(each)).join(', ')
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`
  return [{ reason: 'FieldValueNotSupported', message, field }]
}

/** A list with one entry per item that repeats what an item before it said. */
export function duplicatesOf(items: readonly (string | undefined)[], field: (index: number) => string): StatusCause[] {
  return items.flatMap((item, index) => {
    return item !== undefined && item !== '' && items.indexOf(item) < index ? [duplicate(field(index), item)] : []
  })
}
