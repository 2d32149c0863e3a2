import { canonicalQuantity, QUANTITY_RULE } from '../defaults/quantity.ts'
import { isRecord } from '../objects/fields.ts'
import { OMITTED_ZEROS } from './omitted-zeros.ts'
import { DecodeError, refuseType, renderPlace } from './place.ts'
import type { Place } from './place.ts'
import type { ListSchema, MapSchema, ScalarSchema, Schema, StructSchema } from './schema.ts'

/**
 * Reads, in place, a value of a built-in type as a Go program does that decodes it and writes it out again: unknown fields,
 * nulls, and lists and maps that are empty go; scalars that are always written come; quantities and times get their one
 * form. Of what it dropped, the places of unknown fields are added to `unknown`.
 *
 * @throws {DecodeError} for a value of another type.
 */
export function decodeStruct(
  value: Record<string, unknown>,
  schema: StructSchema,
  unknown: string[],
  place?: Place,
): void {
  for (const key of Object.keys(value)) {
    const field = Object.hasOwn(schema.fields, key) ? schema.fields[key] : undefined
    const at = { parent: place, key, owner: schema.name }
    if (field === undefined) {
      unknown.push(renderPlace(at))
      delete value[key]
      continue
    }
    const decoded = value[key] === null ? undefined : decode(value[key], field, unknown, at)
    if (decoded === undefined || isLeftOut(decoded, field, schema, key)) delete value[key]
    else if (decoded !== value[key]) value[key] = decoded
  }
  for (const [key, fallback] of alwaysWritten(schema)) value[key] ??= fallback
}

function decode(value: unknown, schema: Schema, unknown: string[], place: Place): unknown {
  switch (schema.type) {
    case 'struct':
      if (!isRecord(value)) return refuseType(value, schema, place)
      decodeStruct(value, schema, unknown, place)
      return value
    case 'list':
      return decodeList(value, schema, unknown, place)
    case 'map':
      return decodeMap(value, schema, unknown, place)
    case 'any':
      return value
    case 'string':
    case 'boolean':
    case 'integer':
    case 'number':
    case 'quantity':
    case 'int-or-string':
      return decodeScalar(value, schema, place)
    default:
      return schema satisfies never
  }
}

function decodeList(value: unknown, schema: ListSchema, unknown: string[], place: Place): unknown {
  if (!Array.isArray(value)) return refuseType(value, schema, place)
  for (const [key, item] of value.entries()) {
    value[key] = decode(item ?? emptyOf(schema.items), schema.items, unknown, { parent: place, key })
  }
  return value
}

function decodeMap(value: unknown, schema: MapSchema, unknown: string[], place: Place): unknown {
  if (!isRecord(value)) return refuseType(value, schema, place)
  for (const [key, entry] of Object.entries(value)) {
    const decoded = decode(entry ?? emptyOf(schema.values), schema.values, unknown, { parent: place, key })
    // Defined, not assigned: a key named __proto__ is a key.
    if (decoded !== entry)
      Object.defineProperty(value, key, { value: decoded, enumerable: true, configurable: true, writable: true })
  }
  return value
}

/** What Go has where JSON says null: the empty value of the type. */
function emptyOf(schema: Schema): unknown {
  switch (schema.type) {
    case 'string':
      return ''
    case 'boolean':
      return false
    case 'list':
      return []
    case 'struct':
    case 'map':
      return {}
    case 'any':
      return null
    case 'integer':
    case 'number':
    case 'quantity':
    case 'int-or-string':
      return 0
    default:
      return schema satisfies never
  }
}

function decodeScalar(value: unknown, schema: ScalarSchema, place: Place): unknown {
  switch (schema.type) {
    case 'string':
      if (typeof value !== 'string') return refuseType(value, { type: 'string' }, place)
      return schema.format === 'date-time' ? canonicalTime(value) : value
    case 'boolean':
      return typeof value === 'boolean' ? value : refuseType(value, schema, place)
    case 'integer':
      return typeof value === 'number' ? decodeInteger(value, schema, place) : refuseType(value, schema, place)
    case 'int-or-string':
      if (typeof value === 'string') return value
      return typeof value === 'number' ? decodeInteger(value, schema, place) : refuseType(value, schema, place)
    case 'number':
      return typeof value === 'number' ? value : refuseType(value, schema, place)
    case 'quantity':
      return decodeQuantity(value)
    default:
      return schema.type satisfies never
  }
}

const INT32_END = 2 ** 31

function decodeInteger(value: number, schema: ScalarSchema, place: Place): number {
  const fits = schema.format === 'int64' || (value >= -INT32_END && value < INT32_END)
  return Number.isInteger(value) && fits ? value : refuseType(value, schema, place, `number ${value}`)
}

/** What {@link QUANTITY_RULE} says, with one way only to read a digit: of many digits JavaScript would try all, for hours. */
const QUANTITY = /^[+-]?[0-9.]+(?:[eEinumkKMGTP]+[-+]?[0-9]*|[-+][0-9]*)?$/

function decodeQuantity(value: unknown): unknown {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  if (!QUANTITY.test(text)) throw new DecodeError(QUANTITY_RULE)
  return canonicalQuantity(text)
}

const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)$/

/** In UTC and whole seconds. */
function canonicalTime(text: string): string {
  const [, seconds, zone] = RFC_3339.exec(text) ?? []
  const time = Date.parse(text)
  if (seconds === undefined || Number.isNaN(time)) {
    const [layout, rest] = ['2006-01-02T15:04:05Z07:00', '2006']
    throw new DecodeError(
      `parsing time ${JSON.stringify(text)} as "${layout}": cannot parse ${JSON.stringify(text)} as "${rest}"`,
    )
  }
  return zone === 'Z' ? `${seconds}Z` : new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** Whether Go does not write a value because it is empty. */
function isLeftOut(value: unknown, field: Schema, owner: StructSchema, key: string): boolean {
  if (value === '' || value === 0 || value === false) return OMITTED_ZEROS[owner.name ?? '']?.has(key) === true
  return isEmpty(value, field) && !isKeptEmpty(owner, key)
}

function isEmpty(value: unknown, schema: Schema): boolean {
  if (schema.type === 'list') return Array.isArray(value) && value.length === 0
  return schema.type === 'map' && isRecord(value) && Object.keys(value).length === 0
}

/** Optional lists that Go writes out even when they are empty, for want of `omitempty`; no schema tells them apart. */
const KEPT_EMPTY = new Set([
  'autoscaling.v2.HorizontalPodAutoscalerStatus.currentMetrics',
  'discovery.v1.EndpointSlice.ports',
  'rbac.v1.ClusterRole.rules',
  'rbac.v1.Role.rules',
])

function isKeptEmpty({ name = '', required = [] }: StructSchema, field: string): boolean {
  return required.includes(field) || KEPT_EMPTY.has(`${name}.${field}`)
}

const written = new WeakMap<StructSchema, readonly (readonly [string, unknown])[]>()

/** The scalars that are there in every value of a type, and what they are where they were left out. */
function alwaysWritten(schema: StructSchema): readonly (readonly [string, unknown])[] {
  const known = written.get(schema)
  if (known) return known
  const { fields, required = [] } = schema
  const made = Object.entries(fields).flatMap(([key, field]): [string, unknown][] => {
    // An empty default of an optional field says that it is not written when it is empty.
    const empty = field.default === '' || field.default === 0 || field.default === false
    return field.default === undefined || (empty && !required.includes(key)) ? [] : [[key, field.default]]
  })
  written.set(schema, made)
  return made
}
