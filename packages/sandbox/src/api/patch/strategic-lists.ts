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
  const merged = new ItemsByKey(replaces ? [] : original.map((item) => asObject(item)), key)
  for (const change of changes) {
    if (change['$patch'] !== 'replace') applyChange(merged, change, key, mergeItem)
  }
  return merged.items()
}

function applyChange(
  merged: ItemsByKey,
  change: JsonObject,
  key: string,
  mergeItem: (item: JsonObject, change: JsonObject) => JsonObject,
): void {
  if (change['$patch'] === 'merge') throw internal('merging lists cannot yet be specified in the patch')
  if (change[key] === undefined) {
    throw internal(`map: ${asGoText(change)} does not contain declared merge key: ${key}`)
  }
  if (change['$patch'] === 'delete') merged.remove(change[key])
  else merged.put(change[key], (known) => mergeItem(known ?? {}, change))
}

/** A list whose items are found by their key without a search: lists may be long, and so may patches. */
class ItemsByKey {
  /** Removed items leave a gap. */
  readonly #items: (JsonObject | undefined)[]
  readonly #places = new Map<unknown, number[]>()

  constructor(items: readonly JsonObject[], key: string) {
    this.#items = [...items]
    for (const [place, item] of items.entries()) this.#note(item[key], place)
  }

  items(): JsonObject[] {
    return this.#items.filter((item) => item !== undefined)
  }

  /** Puts what becomes of the first item with this key in its place, or at the end where there is none. */
  put(id: unknown, become: (known: JsonObject | undefined) => JsonObject): void {
    const place = this.#places.get(id)?.[0]
    if (place !== undefined) this.#items[place] = become(this.#items[place])
    else this.#note(id, this.#items.push(become(undefined)) - 1)
  }

  remove(id: unknown): void {
    for (const place of this.#places.get(id) ?? []) this.#items[place] = undefined
    this.#places.delete(id)
  }

  #note(id: unknown, place: number): void {
    const places = this.#places.get(id)
    if (places) places.push(place)
    else this.#places.set(id, [place])
  }
}

function asObject(item: unknown): JsonObject {
  if (isRecord(item)) return item
  throw internal(`list element types are not identical: ${JSON.stringify(item)} is not an object`)
}

/** The API server answers 500 to these mistakes of a client; so do we. */
function internal(message: string): StatusError {
  return new StatusError(500, '', message)
}
