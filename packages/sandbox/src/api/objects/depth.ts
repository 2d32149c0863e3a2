import { badRequest } from '../errors.ts'

/** Far beyond any object that means something, and within what every walk over an object can take. */
const MAX_DEPTH = 1_000

/** @throws StatusError 400 for what is nested deeper than anybody can walk. */
export function checkDepth(value: unknown): void {
  let level: unknown[] = [value]
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    level = level.flatMap((one): unknown[] => (typeof one === 'object' && one !== null ? Object.values(one) : []))
    if (level.length === 0) return
  }
  throw badRequest(`the object is nested more than ${MAX_DEPTH} levels deep`)
}
