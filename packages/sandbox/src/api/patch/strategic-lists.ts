import { StatusError } from '../status.ts'
import { isRecord } from '../objects/fields.ts'
import { asGoText } from '../objects/go-text.ts'
import type { JsonObject } from './json-object.ts'

/** The scalars of both lists, each once, in order of appearance. */
export function mergeSet(original: unknown[], patch: unknown[]): unknown[] {
  return [...new Set([...original, ...patch])]
}

/**
 * Merges two lists of objects that are identified by `key`: known ones merge in place, new ones go to the end,
 * `$patch: delete` removes one, and an item that is only `$patch: replace` empties the list first.
 */
export function mergeObjectList(
  original: unknown[],
  patch: unknown[],
  key: string,
  mergeItem: (item: JsonObject, change: JsonObject) => JsonObject,
): unknown[] {
  const changes = patch.map((item) => asObject(item))
  const replaces = changes.some((change) => change['$patch'] === 'replace')
  const merged = replaces ? [] : original.map((item) => asObject(item))
  for (const change of changes) {
    if (change['$patch'] !== 'replace') applyChange(merged, change, key, mergeItem)
  }
  return merged
}

function applyChange(
  merged: JsonObject[],
  change: JsonObject,
  key: string,
  mergeItem: (item: JsonObject, change: JsonObject) => JsonObject,
): void {
  if (change['$patch'] === 'merge') throw internal('merging lists cannot yet be specified in the patch')
  if (change[key] === undefined) {
    throw internal(`map: ${asGoText(change)} does not contain declared merge key: ${key}`)
  }
  const index = merged.findIndex((item) => item[key] === change[key])
  const known = merged[index]
  if (change['$patch'] === 'delete')
    merged.splice(0, merged.length, ...merged.filter((item) => item[key] !== change[key]))
  else if (known === undefined) merged.push(mergeItem({}, change))
  else merged[index] = mergeItem(known, change)
}

function asObject(item: unknown): JsonObject {
  if (isRecord(item)) return item
  throw internal(`list element types are not identical: ${JSON.stringify(item)} is not an object`)
}

/** The API server answers 500 to these mistakes of a client; so do we. */
function internal(message: string): StatusError {
  return new StatusError(500, '', message)
}
