import { isRecord, listAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { duplicate } from '../validation/cause.ts'

/** The items that a `set` or `map` list holds more than once, each of them named once. */
export function duplicateItems(
  items: readonly unknown[],
  schema: Readonly<Record<string, unknown>>,
  field: string,
): StatusCause[] {
  const listType = schema['x-kubernetes-list-type']
  if (listType !== 'set' && listType !== 'map') return []
  const keys = listAt(schema, 'x-kubernetes-list-map-keys').filter((key) => typeof key === 'string')
  const seen = new Map<string, number>()
  return items.flatMap((item, index) => {
    const identity = listType === 'set' ? item : identityOf(item, keys, schema)
    const text = JSON.stringify(identity)
    const count = (seen.get(text) ?? 0) + 1
    seen.set(text, count)
    return count === 2 ? [duplicate(`${field}[${index}]`, identity)] : []
  })
}

function identityOf(item: unknown, keys: readonly string[], { items }: Readonly<Record<string, unknown>>): unknown {
  if (!isRecord(item)) return item
  const properties = isRecord(items) && isRecord(items['properties']) ? items['properties'] : {}
  const fallback = (key: string): unknown => (isRecord(properties[key]) ? properties[key]['default'] : undefined)
  const entries = [...keys].sort().map((key) => [key, item[key] ?? fallback(key)] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}
