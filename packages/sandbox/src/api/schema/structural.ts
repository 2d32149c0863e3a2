import { fieldAt, isRecord, listAt, stringAt } from '../objects/fields.ts'
import { objectMetaSchema } from './builtin.ts'
import type { ListSchema, Schema, StructSchema } from './schema.ts'

/** The shape that a version of a CustomResourceDefinition gives its objects (`openAPIV3Schema`), metadata included. */
export function structuralSchema(openApi: unknown): StructSchema {
  const root = structOf(isRecord(openApi) ? openApi : {})
  return { ...root, fields: { ...root.fields, ...typeMeta() } }
}

/** What every object says of itself. */
function typeMeta(): Record<string, Schema> {
  return { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: objectMetaSchema() }
}

function schemaOf(openApi: unknown): Schema {
  if (!isRecord(openApi)) return { type: 'any' }
  return {
    ...shapeOf(openApi),
    ...(openApi['default'] !== undefined && { default: openApi['default'] }),
    ...(openApi['nullable'] === true && { nullable: true }),
  }
}

function shapeOf(openApi: Record<string, unknown>): Schema {
  if (openApi['x-kubernetes-int-or-string'] === true) return { type: 'int-or-string' }
  const { type } = openApi
  switch (type) {
    case 'object':
      return isRecord(openApi['additionalProperties']) ? mapOf(openApi) : structOf(openApi)
    case 'array':
      return listOf(openApi)
    case 'string':
    case 'integer':
    case 'number':
    case 'boolean': {
      const format = stringAt(openApi, 'format')
      return { type, ...(format !== undefined && { format }) }
    }
    default:
      return { type: 'any' }
  }
}

function isAtomic(openApi: Record<string, unknown>): boolean {
  return openApi['x-kubernetes-map-type'] === 'atomic'
}

function mapOf(openApi: Record<string, unknown>): Schema {
  return { type: 'map', values: schemaOf(openApi['additionalProperties']), ...(isAtomic(openApi) && { atomic: true }) }
}

function structOf(openApi: Record<string, unknown>): StructSchema {
  const properties = openApi['properties']
  const fields = Object.entries(isRecord(properties) ? properties : {})
  const embedded = openApi['x-kubernetes-embedded-resource'] === true
  // `additionalProperties: true`, the older way to say it.
  const open = openApi['x-kubernetes-preserve-unknown-fields'] === true || openApi['additionalProperties'] === true
  return {
    type: 'struct',
    fields: {
      ...Object.fromEntries(fields.map(([name, field]) => [name, schemaOf(field)])),
      ...(embedded && typeMeta()),
    },
    required: listAt(openApi, 'required').filter((name) => typeof name === 'string'),
    ...(isAtomic(openApi) && { atomic: true }),
    ...(open && { preservesUnknown: true }),
  }
}

function listOf(openApi: Record<string, unknown>): ListSchema {
  const listType = openApi['x-kubernetes-list-type']
  const keys = listAt(openApi, 'x-kubernetes-list-map-keys').filter((key) => typeof key === 'string')
  return {
    type: 'list',
    items: schemaOf(fieldAt(openApi, 'items')),
    listType: listType === 'set' || listType === 'map' ? listType : 'atomic',
    ...(keys.length > 0 && { keys }),
  }
}
