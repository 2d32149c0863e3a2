// What the cases read from bodies to build their next request.

/** What stands at `path` below `value`; undefined where the path ends early. */
export function fieldAt(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (parent, key) => (typeof parent === 'object' && parent !== null ? Reflect.get(parent, key) : undefined),
    value,
  )
}

/** `metadata.resourceVersion` of an object or a list. */
export function versionOf(body: unknown): string {
  return String(fieldAt(body, 'metadata', 'resourceVersion'))
}

/** `metadata.uid` of an object. */
export function uidOf(body: unknown): string {
  return String(fieldAt(body, 'metadata', 'uid'))
}

/** The names of the items of a list; the body itself where it is none. */
export function namesOf(body: unknown): unknown {
  const items = fieldAt(body, 'items')
  return Array.isArray(items) ? items.map((item) => fieldAt(item, 'metadata', 'name')) : body
}

/** A body to be changed and sent back. */
export function asRecord(body: unknown): Record<string, unknown> {
  return typeof body === 'object' && body !== null ? Object.fromEntries(Object.entries(body)) : {}
}

/** The list at `path`; empty where it is something else. */
export function listAt(value: unknown, ...path: string[]): unknown[] {
  const found: unknown = fieldAt(value, ...path)
  return Array.isArray(found) ? found : []
}

/** The string at `path`; empty where it is something else. */
export function textAt(value: unknown, ...path: string[]): string {
  const found = fieldAt(value, ...path)
  return typeof found === 'string' ? found : ''
}
