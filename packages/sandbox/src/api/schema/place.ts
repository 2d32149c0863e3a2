import { asGoType, shortTypeName } from './go-types.ts'
import type { Schema } from './schema.ts'

/** Where a value stands in an object: a field of a type, an item of a list, an entry of a map. Rendered only when asked. */
export interface Place {
  readonly parent: Place | undefined
  /** The field or entry; the number of an item. */
  readonly key: string | number
  /** The type whose field it is; undefined for items and entries. */
  readonly owner?: string | undefined
}

/** `spec.containers[0].name`, as messages about fields have it. */
export function renderPlace(place: Place | undefined): string {
  if (place === undefined) return ''
  const before = renderPlace(place.parent)
  if (typeof place.key === 'number') return `${before}[${place.key}]`
  return before === '' ? place.key : `${before}.${place.key}`
}

/** `Container.spec.containers.name`: the type that has the field, and the fields on the way to it. */
function renderGoField(place: Place | undefined): string {
  const fields: (string | number)[] = []
  let owner: string | undefined
  for (let one = place; one !== undefined; one = one.parent) {
    if (one.owner === undefined) continue
    owner ??= one.owner
    fields.unshift(one.key)
  }
  return [shortTypeName(owner ?? ''), ...fields].join('.')
}

/** A value that cannot be what its type says. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
  /** The same in the words of the API server's patches, which convert values that are no text any more. */
  readonly conversion: string

  constructor(message: string, conversion: string = message) {
    super(message)
    this.conversion = conversion
  }
}

/**
 * In the words of Go's JSON decoder; `what` is what Go calls the value.
 * @throws {DecodeError} always.
 */
export function refuseType(
  value: unknown,
  schema: Schema,
  place: Place | undefined,
  what: string = asJsonType(value),
): never {
  const message = `json: cannot unmarshal ${what} into Go struct field ${renderGoField(place)} of type ${asGoType(schema)}`
  throw new DecodeError(message, asConversion(value, schema))
}

function asConversion(value: unknown, schema: Schema): string {
  switch (schema.type) {
    case 'struct':
      return `cannot restore struct from: ${asGoKind(value)}`
    case 'list':
      return `cannot restore slice from ${asGoKind(value)}`
    case 'map':
      return `cannot restore map from ${asGoKind(value)}`
    case 'string':
      return Number.isInteger(value) ? 'cannot convert int64 to string' : `unrecognized type: ${asGoType(schema)}`
    case 'integer':
    case 'int-or-string':
      return typeof value === 'number'
        ? `cannot convert ${asGoKind(value)} to ${asGoType(schema)}`
        : `unrecognized type: ${asGoType(schema)}`
    case 'any':
    case 'number':
    case 'boolean':
    case 'quantity':
      return `unrecognized type: ${asGoType(schema)}`
    default:
      return schema satisfies never
  }
}

/** What Go calls a value that came from JSON. */
function asGoKind(value: unknown): string {
  if (Array.isArray(value)) return 'slice'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'string' ? 'string' : 'map'
}

function asJsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  return typeof value
}
