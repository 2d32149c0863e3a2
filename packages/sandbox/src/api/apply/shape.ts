import { isRecord } from '../objects/fields.ts'
import type { ListSchema, Schema } from '../schema/schema.ts'

const ANY: Schema = { type: 'any' }

/**
 * How the parts of a value are owned: a leaf has one owner, an object one for each field, a list one for each item. Where the
 * schema allows anything, objects have one for each field and lists are leaves.
 */
export function shapeOf(schema: Schema, value: unknown): 'leaf' | 'object' | 'list' {
  if (schema.type === 'any') return isRecord(value) ? 'object' : 'leaf'
  if (schema.type === 'struct' || schema.type === 'map') {
    return schema.atomic !== true && isObjectOrNothing(value) ? 'object' : 'leaf'
  }
  return schema.type === 'list' && schema.listType !== 'atomic' && isListOrNothing(value) ? 'list' : 'leaf'
}

function isObjectOrNothing(value: unknown): boolean {
  return value === null || value === undefined || isRecord(value)
}

function isListOrNothing(value: unknown): boolean {
  return value === null || value === undefined || Array.isArray(value)
}

/** Whether the schema names this field: labels and unknown fields are not named. */
export function namesField(schema: Schema, name: string): boolean {
  return schema.type === 'struct' && Object.hasOwn(schema.fields, name)
}

/** The schema of a field of an object. */
export function fieldSchema(schema: Schema, name: string): Schema {
  if (schema.type === 'map') return schema.values
  return schema.type === 'struct' && namesField(schema, name) ? (schema.fields[name] ?? ANY) : ANY
}

/** The schema of a list whose items have owners of their own. */
export function asList(schema: Schema): ListSchema {
  return schema.type === 'list' ? schema : { type: 'list', items: ANY, listType: 'atomic' }
}

export function entriesOf(value: unknown): [string, unknown][] {
  return isRecord(value) ? Object.entries(value) : []
}

export function itemsOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/** Whether an object or a list has nothing in it. */
export function isBlank(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  return value === null || value === undefined || (isRecord(value) && Object.keys(value).length === 0)
}
