import { isDeepStrictEqual } from 'node:util'
import { applyPatch } from 'rfc6902'
import type { Operation } from 'rfc6902'
import { StatusError } from '../status.ts'
import { isRecord } from '../objects/fields.ts'
import { badPatch, jsonType } from './json-object.ts'
import { staysWithin, tokensOf, valueAt } from './json-pointer.ts'

/** The API server's own limit. */
const MAX_OPERATIONS = 10_000
/** In characters of JSON. Without it a few dozen copies of copies would fill the memory. The API server's limit, too. */
const MAX_COPIED = 3 * 1024 * 1024
const OPERATION = 'handlers.jsonPatchOp'
const OPERATIONS = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test'])

/**
 * RFC 6902, all or nothing.
 *
 * @throws {StatusError} 400 when the patch is not a list of operations, 413 when it is too long, 422 when an operation
 * does not apply: the API server gives no reason for it, neither do we.
 */
export function jsonPatch(target: unknown, operations: unknown): unknown {
  const document: unknown = structuredClone(target)
  let copied = 0
  for (const operation of parseOperations(operations)) {
    if (operation.op === 'copy') copied += sizeOf(valueAt(document, tokensOf(operation.from)))
    if (copied > MAX_COPIED || !staysWithin(document, operation) || !succeeds(document, operation)) throw doesNotApply()
  }
  return document
}

function sizeOf(value: unknown): number {
  return value === undefined ? 0 : JSON.stringify(value).length
}

function succeeds(document: unknown, operation: Operation): boolean {
  const place = valueAt(document, tokensOf(operation.path))
  // What is not there is null, and can be replaced: so it is with the API server's library. Ours looks for the shortest
  // way from one list to the other before it says that they differ, and takes minutes for a thousand items.
  if (operation.op === 'test')
    return operation.path.startsWith('/') && isDeepStrictEqual(place ?? null, operation.value)
  const applied = operation.op === 'replace' && place === undefined ? { ...operation, op: 'add' as const } : operation
  try {
    return applyPatch(document, [applied]).every((error) => error === null)
  } catch {
    return false // a pointer that does not start with a slash
  }
}

function parseOperations(operations: unknown): Operation[] {
  if (operations === null) return []
  if (!Array.isArray(operations)) {
    throw badPatch(`json: cannot unmarshal ${jsonType(operations)} into Go value of type []${OPERATION}`)
  }
  if (operations.length > MAX_OPERATIONS) {
    const message = `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${operations.length}`
    throw new StatusError(413, 'RequestEntityTooLarge', message)
  }
  return operations.map((operation: unknown) => {
    if (!isRecord(operation))
      throw badPatch(`json: cannot unmarshal ${jsonType(operation)} into Go value of type ${OPERATION}`)
    if (!isOperation(operation)) throw doesNotApply()
    return operation
  })
}

/** `value` is not checked here: the library refuses an `add` without one. */
function isOperation(value: unknown): value is Operation {
  if (!isRecord(value) || typeof value['op'] !== 'string' || !OPERATIONS.has(value['op'])) return false
  const needsFrom = value['op'] === 'move' || value['op'] === 'copy'
  return typeof value['path'] === 'string' && (!needsFrom || typeof value['from'] === 'string')
}

function doesNotApply(): StatusError {
  return new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {})
}
