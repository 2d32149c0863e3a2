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

/** A value that cannot be what its type says, in the words of Go's JSON decoder. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
}

/**
 * `what` is what Go calls the value.
 * @throws {DecodeError} always.
 */
export function refuseType(
  value: unknown,
  schema: Schema,
  place: Place | undefined,
  what: string = asJsonType(value),
): never {
  throw new DecodeError(
    `json: cannot unmarshal ${what} into Go struct field ${renderGoField(place)} of type ${asGoType(schema)}`,
  )
}

function asJsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  return typeof value
}
