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

/** Of each item, whether one before it says the same. Looked up: to search long lists for each item would take minutes. */
export function repetitions(items: readonly (string | undefined)[]): boolean[] {
  const seen = new Set<string | undefined>()
  return items.map((item) => {
    const isRepeated = seen.has(item)
    seen.add(item)
    return isRepeated
  })
}

/** A list with one entry per item that repeats what an item before it said. */
export function duplicatesOf(items: readonly (string | undefined)[], field: (index: number) => string): StatusCause[] {
  const repeated = repetitions(items)
  return items.flatMap((item, index) => (item && repeated[index] ? [duplicate(field(index), item)] : []))
}
