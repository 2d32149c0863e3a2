import type { Kind } from '../client.ts'
import type { KubeObject } from '../objects.ts'

/** Whether a JSON value is an object with fields. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value of a JSON text, or undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Whether a value the API server sent is an object of this kind, or the `Scale` that its subresource answers with. Its shape
 * beyond that is taken on trust: the server has validated it against the kind's schema, and checking it again would cost
 * more than the request.
 */
export function isObjectOf<T extends KubeObject>(kind: Kind<T>, value: unknown): value is T {
  return isRecord(value) && isRecord(value['metadata']) && (value['kind'] === kind.kind || value['kind'] === 'Scale')
}

/** The text behind a path of field names, or undefined where a step is missing or the end is no text. */
export function textAt(value: unknown, ...path: string[]): string | undefined {
  const found = path.reduce<unknown>((at, field) => (isRecord(at) ? at[field] : undefined), value)
  return typeof found === 'string' ? found : undefined
}
