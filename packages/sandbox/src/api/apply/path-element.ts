import { isRecord } from '../objects/fields.ts'
import type { ListSchema } from '../schema/schema.ts'

/** The element of a path that leads to a field of an object: `f:spec`. */
export function fieldElement(name: string): string {
  return `f:${name}`
}

/** The field an element leads to, or undefined where it leads to an item of a list. */
export function fieldOf(element: string): string | undefined {
  return element.startsWith('f:') ? element.slice(2) : undefined
}

/** The element of an item that has none of the keys of its list. */
export const NO_KEYS = 'k:{}'

/** The element that leads to an item of a list: its keys (`k:{"name":"a"}`) or, in a set, the item itself (`v:"a"`). */
export function itemElement(item: unknown, { keys = [], listType, items }: ListSchema): string {
  if (listType !== 'map') return `v:${JSON.stringify(item)}`
  if (!isRecord(item)) return NO_KEYS
  const fields = items.type === 'struct' ? items.fields : {}
  let known = ''
  for (const key of keys.length > 1 ? [...keys].sort() : keys) {
    const value = item[key] ?? fields[key]?.default
    if (value !== undefined && value !== null) known += `${known && ','}${JSON.stringify(key)}:${JSON.stringify(value)}`
  }
  return `k:{${known}}`
}

/** A path as the API server's messages write it: `.spec.containers[name="a"].image`. */
export function renderPath(path: readonly string[]): string {
  return path.map((element) => renderElement(element)).join('')
}

function renderElement(element: string): string {
  const field = fieldOf(element)
  if (field !== undefined) return `.${field}`
  const text = element.slice(2)
  if (element.startsWith('v:')) return `[=${text}]`
  const keys: unknown = JSON.parse(text)
  const pairs = isRecord(keys) ? Object.entries(keys) : []
  return `[${pairs.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`
}
