import { isRecord } from '../objects/fields.ts'
import { decodeStruct } from './decode.ts'
import { refuseType, renderPlace } from './place.ts'
import type { Place } from './place.ts'
import type { Schema, StructSchema } from './schema.ts'

/**
 * Reads, in place, an object of a CustomResourceDefinition: fields that its schema does not have go, as do nulls where
 * none may be; defaults come. Metadata, its own and that of embedded objects, is read as in built-in kinds. The places of
 * unknown fields are added to `unknown`. Values of another type stay: the validation speaks of them.
 *
 * @throws {DecodeError} for metadata of another type.
 */
export function decodeCustom(value: Record<string, unknown>, schema: StructSchema, unknown: string[]): void {
  const dropped: Dropped = { fields: [], ofMetadata: [] }
  prune(value, schema, dropped, undefined)
  for (const field of [...dropped.fields.sort(), ...dropped.ofMetadata]) unknown.push(field)
  fillIn(value, schema)
}

/** The places of fields that were not known. */
interface Dropped {
  readonly fields: string[]
  readonly ofMetadata: string[]
}

function prune(value: unknown, schema: Schema, unknown: Dropped, place: Place | undefined): void {
  if (schema.type === 'struct' && isRecord(value)) pruneStruct(value, schema, unknown, place)
  else if (schema.type === 'map' && isRecord(value)) {
    for (const [key, entry] of Object.entries(value)) {
      if (entry === null && schema.values.nullable !== true) delete value[key]
      else prune(entry, schema.values, unknown, { parent: place, key })
    }
  } else if (schema.type === 'list' && Array.isArray(value)) {
    for (const [key, item] of value.entries()) prune(item, schema.items, unknown, { parent: place, key })
  } else if (schema.type !== 'any' && isRecord(value)) pruneStruct(value, NO_FIELDS, unknown, place)
}

/** An object where none belongs loses all it has; that it does not belong there is the validation's business. */
const NO_FIELDS: StructSchema = { type: 'struct', fields: {} }

function pruneStruct(
  value: Record<string, unknown>,
  schema: StructSchema,
  unknown: Dropped,
  parent: Place | undefined,
): void {
  for (const [key, member] of Object.entries(value)) {
    const field = Object.hasOwn(schema.fields, key) ? schema.fields[key] : undefined
    const place = { parent, key }
    if (field === undefined) {
      if (schema.preservesUnknown === true) continue
      unknown.fields.push(renderPlace(place))
      delete value[key]
    } else if (member === null && field.nullable !== true) delete value[key]
    else if (field.type === 'struct' && field.name !== undefined)
      pruneMetadata(member, field, unknown.ofMetadata, place)
    else prune(member, field, unknown, place)
  }
}

/** Messages about types name the fields from the metadata on, those about unknown fields from the object on. */
function pruneMetadata(value: unknown, schema: StructSchema, unknown: string[], place: Place): void {
  if (!isRecord(value)) return refuseType(value, schema, { ...place, owner: '' })
  decodeStruct(value, schema, unknown, place)
}

/** Defaults stand for what is missing, and may themselves have gaps that defaults fill. */
function fillIn(value: unknown, schema: Schema): void {
  if (schema.type === 'struct' && schema.name === undefined && isRecord(value)) {
    for (const [key, field] of Object.entries(schema.fields)) {
      if (field.default !== undefined && value[key] === undefined) value[key] = structuredClone(field.default)
      if (value[key] !== undefined) fillIn(value[key], field)
    }
  } else if (schema.type === 'map' && isRecord(value)) {
    for (const entry of Object.values(value)) fillIn(entry, schema.values)
  } else if (schema.type === 'list' && Array.isArray(value)) {
    for (const item of value) fillIn(item, schema.items)
  }
}
