import type { Schema } from '../schema/schema.ts'
import { LEAF, nodeOf } from './field-set.ts'
import type { FieldSet } from './field-set.ts'
import { fieldElement, itemElement } from './path-element.ts'
import { asList, entriesOf, fieldSchema, itemsOf, namesField, shapeOf } from './shape.ts'
import { isRecord } from '../objects/fields.ts'

/**
 * The fields that an applied configuration says something about: its leaves, the items of its lists, and objects that are
 * empty or whose field names are data.
 */
export function appliedFields(config: unknown, schema: Schema): FieldSet {
  return fieldsOfObject(config, schema)
}

function fieldsOf(value: unknown, schema: Schema, member: boolean): FieldSet | undefined {
  const shape = shapeOf(schema, value)
  if (shape === 'leaf') return LEAF
  if (shape === 'list') return nodeOf(member || value === null, fieldsOfList(value, schema))
  return nodeOf(member || value === null || isEmptyObject(value), fieldsOfObject(value, schema))
}

function isEmptyObject(value: unknown): boolean {
  return isRecord(value) && Object.keys(value).length === 0
}

function fieldsOfObject(value: unknown, schema: Schema): FieldSet {
  const fields: Record<string, FieldSet> = {}
  for (const [name, part] of entriesOf(value)) {
    const node = fieldsOf(part, fieldSchema(schema, name), !namesField(schema, name))
    if (node) fields[fieldElement(name)] = node
  }
  return fields
}

function fieldsOfList(value: unknown, schema: Schema): FieldSet {
  const list = asList(schema)
  const fields: Record<string, FieldSet> = {}
  for (const item of itemsOf(value)) {
    fields[itemElement(item, list)] = fieldsOf(item, list.items, true) ?? LEAF
  }
  return fields
}
