import type { ApiObject } from '../object.ts'

/** Whether `value` is a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What stands at `path` below `value`, or undefined where the path ends early. */
export function fieldAt(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((parent, key) => (isRecord(parent) ? parent[key] : undefined), value)
}

/** The string at `path`, or undefined where it is something else. */
export function stringAt(value: unknown, ...path: string[]): string | undefined {
  const found = fieldAt(value, ...path)
  return typeof found === 'string' ? found : undefined
}

/** The number at `path`, or undefined where it is something else. */
export function numberAt(value: unknown, ...path: string[]): number | undefined {
  const found = fieldAt(value, ...path)
  return typeof found === 'number' ? found : undefined
}

/** The list at `path`; empty where it is something else. */
export function listAt(value: unknown, ...path: string[]): unknown[] {
  const found = fieldAt(value, ...path)
  return Array.isArray(found) ? found : []
}

/** The JSON object at `path`, made (and put there) where it is missing. */
export function recordAt(parent: Record<string, unknown>, key: string): Record<string, unknown> {
  const found = parent[key]
  if (isRecord(found)) return found
  const made: Record<string, unknown> = {}
  parent[key] = made
  return made
}

/** Whether `value` has the shape every stored object has. Anything below `metadata.name` is the validation's business. */
export function isApiObject(value: unknown): value is ApiObject {
  return (
    isRecord(value) &&
    typeof value['apiVersion'] === 'string' &&
    typeof value['kind'] === 'string' &&
    typeof fieldAt(value, 'metadata', 'name') === 'string'
  )
}
