import { isRecord } from '../objects/fields.ts'
import type { Schema, ScalarSchema, StructSchema } from '../schema/schema.ts'
import { StatusError } from '../status.ts'
import { fieldElement, itemElement, NO_KEYS, renderPath } from './path-element.ts'
import { entriesOf, fieldSchema, itemsOf } from './shape.ts'

type Faults = string[]

/**
 * Refuses a configuration that the schema gives no meaning: unknown fields, values of another type, two items with the same
 * keys. Ownership cannot be said of them.
 * @throws StatusError 500, as the API server answers it.
 */
export function checkConfiguration(config: Record<string, unknown>, schema: Schema, subject: string): void {
  const faults: Faults = []
  checkValue(config, schema, [], faults)
  if (faults.length === 0) return
  const listed = faults.length === 1 ? faults.join('') : `errors:\n${faults.map((fault) => `  ${fault}`).join('\n')}`
  throw new StatusError(500, '', `failed to create typed patch object (${subject}): ${listed}`)
}

function checkValue(value: unknown, schema: Schema, path: string[], faults: Faults): void {
  if (value === null || value === undefined || schema.type === 'any') return
  if (schema.type === 'struct' || schema.type === 'map') {
    if (isRecord(value)) checkFields(value, schema, path, faults)
    else faults.push(`${renderPath(path)}: expected map, got &{${render(value)}}`)
  } else if (schema.type === 'list') {
    if (!Array.isArray(value)) faults.push(`${renderPath(path)}: expected list, got &{${render(value)}}`)
    else if (schema.listType !== 'atomic') checkItems(value, schema, path, faults)
  } else checkScalar(value, schema, path, faults)
}

function checkFields(value: unknown, schema: Schema, path: string[], faults: Faults): void {
  for (const [name, part] of entriesOf(value)) {
    const inner = [...path, fieldElement(name)]
    if (schema.type === 'struct' && isUnknown(name, schema)) {
      faults.push(`${renderPath(inner)}: field not declared in schema`)
    } else checkValue(part, fieldSchema(schema, name), inner, faults)
  }
}

function isUnknown(name: string, { fields, preservesUnknown }: StructSchema): boolean {
  return preservesUnknown !== true && !Object.hasOwn(fields, name)
}

function checkItems(value: unknown, schema: Extract<Schema, { type: 'list' }>, path: string[], faults: Faults): void {
  const seen = new Set<string>()
  for (const [index, item] of itemsOf(value).entries()) {
    const element = itemElement(item, schema)
    if (element === NO_KEYS) faults.push(`${renderPath(path)}: element ${index}: ${withoutKeys(schema.keys ?? [])}`)
    else if (seen.has(element)) faults.push(`${renderPath(path)}: duplicate entries for key ${renderPath([element])}`)
    else checkValue(item, schema.items, [...path, element], faults)
    seen.add(element)
  }
}

function withoutKeys(keys: readonly string[]): string {
  const omitted = keys.length === 1 ? `key field ${JSON.stringify(keys[0])}` : `all key fields`
  return `associative list with keys has an element that omits ${omitted} (and doesn't have default value)`
}

function checkScalar(value: unknown, { type }: ScalarSchema, path: string[], faults: Faults): void {
  if (isScalar(value, type)) return
  const wanted = {
    string: 'string',
    boolean: 'boolean',
    integer: 'numeric (int or float)',
    number: 'numeric (int or float)',
  }
  const expected = type === 'quantity' || type === 'int-or-string' ? 'scalar' : wanted[type]
  const isNumeric = type === 'integer' || type === 'number'
  if (isNumeric) faults.push(`${renderPath(path)}: expected ${expected}, got ${typeof value}`)
  else faults.push(`${renderPath(path)}: expected ${expected}, got &value.valueUnstructured{Value:${render(value)}}`)
}

function isScalar(value: unknown, type: ScalarSchema['type']): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string'
    case 'boolean':
      return typeof value === 'boolean'
    case 'integer':
    case 'number':
      return typeof value === 'number'
    case 'quantity':
    case 'int-or-string':
      return typeof value !== 'object'
    default:
      return type satisfies never
  }
}

/** A value as Go prints it. */
function render(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
