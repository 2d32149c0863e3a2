import { randomUUID } from 'node:crypto'

/** The fields that open every answer of the older APIs. */
export function identity(object: string, model: string): object {
  return { id: `mock-worker-${randomUUID()}`, object, created: nowSeconds(), model }
}

/** Seconds since 1970. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
