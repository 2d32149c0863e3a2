import { isRecord } from './fields.ts'

/** A schema of a few lines can describe a value of any size; beyond this many values the rest is null. */
const MAX_VALUES = 1000

/** How often one reference is followed inside another: enough for a tree to be seen as one. */
const MAX_REFERENCES = 3

/**
 * A value that fits a JSON Schema, always the same one: the first of several choices, every property, the smallest
 * number, one entry a list. Patterns and formats are not looked at.
 */
export function exampleOf(schema: unknown): unknown {
  return valueOf(schema, { root: schema, left: MAX_VALUES }, 0)
}

interface Walk {
  readonly root: unknown
  left: number
}

function valueOf(schema: unknown, walk: Walk, references: number): unknown {
  if (!isRecord(schema) || walk.left-- <= 0) return null
  if (typeof schema['$ref'] === 'string') {
    return references < MAX_REFERENCES ? valueOf(resolve(schema['$ref'], walk.root), walk, references + 1) : null
  }
  if ('const' in schema) return schema['const']
  const choice = firstOf(schema['enum'])
  if (choice !== undefined) return choice
  const branch = firstOf(schema['anyOf']) ?? firstOf(schema['oneOf']) ?? firstOf(schema['allOf'])
  if (branch !== undefined) return valueOf(branch, walk, references)
  return typedValue(schema, walk, references)
}

function typedValue(schema: Record<string, unknown>, walk: Walk, references: number): unknown {
  switch (typeOf(schema)) {
    case 'object':
      return objectOf(schema['properties'], walk, references)
    case 'array':
      return Array.from({ length: countOf(schema['minItems']) }, () => valueOf(schema['items'], walk, references))
    case 'string':
      return 'mock'.padEnd(countOf(schema['minLength']), '.')
    case 'integer':
    case 'number':
      return numberOf(schema)
    case 'boolean':
      return true
    default:
      return null
  }
}

function typeOf(schema: Record<string, unknown>): unknown {
  const type = schema['type']
  if (Array.isArray(type)) return type.find((name) => name !== 'null') ?? 'null'
  return type ?? ('properties' in schema ? 'object' : undefined)
}

function objectOf(properties: unknown, walk: Walk, references: number): object {
  if (!isRecord(properties)) return {}
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, valueOf(schema, walk, references)]),
  )
}

function numberOf({ minimum, exclusiveMinimum, maximum }: Record<string, unknown>): number {
  if (typeof minimum === 'number') return minimum
  if (typeof exclusiveMinimum === 'number') return exclusiveMinimum + 1
  return typeof maximum === 'number' ? Math.min(1, maximum) : 1
}

/** A length that a schema asks for: at least one, and no more than a mock should make. */
function countOf(value: unknown): number {
  return typeof value === 'number' ? Math.min(Math.max(value, 1), MAX_VALUES) : 1
}

/** `#/$defs/step` within the root; undefined when there is nothing. */
function resolve(reference: string, root: unknown): unknown {
  return reference
    .split('/')
    .slice(1)
    .reduce<unknown>((value, name) => (isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined), root)
}

function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : undefined
}
