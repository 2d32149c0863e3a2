import { isRecord } from '../objects/fields.ts'
import type { Schema } from '../schema/schema.ts'
import type { StatusCause } from '../status.ts'
import { entriesOf, fieldSchema } from './shape.ts'

/**
 * What is wrong with an applied custom resource whose maps or lists lost all they had: unlike in a body, null stays null
 * in it, and few fields may be null.
 */
export function emptiedFields(value: unknown, schema: Schema, path: readonly string[] = []): StatusCause[] {
  if (value === null) return schema.nullable === true ? [] : notNull(schema, path)
  if (Array.isArray(value)) {
    const items: Schema = schema.type === 'list' ? schema.items : { type: 'any' }
    return value.flatMap((item: unknown, index) => {
      const place = `${path.at(-1) ?? ''}[${index}]`
      return emptiedFields(item, items, [...path.slice(0, -1), place])
    })
  }
  if (!isRecord(value)) return []
  const fields = entriesOf(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return fields.flatMap(([name, part]) => emptiedFields(part, fieldSchema(schema, name), [...path, name]))
}

function notNull(schema: Schema, path: readonly string[]): StatusCause[] {
  const type = typeOf(schema)
  if (type === undefined) return []
  const field = path.join('.')
  const message = `Invalid value: "null": ${field} in body must be of type ${type}: "null"`
  return [{ reason: 'FieldValueTypeInvalid', message, field }]
}

/** The type as OpenAPI names it; undefined where anything goes. */
function typeOf({ type }: Schema): string | undefined {
  if (type === 'struct' || type === 'map') return 'object'
  if (type === 'list') return 'array'
  return type === 'any' || type === 'quantity' || type === 'int-or-string' ? undefined : type
}
