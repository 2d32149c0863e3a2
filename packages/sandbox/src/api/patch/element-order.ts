import { StatusError } from '../status.ts'
import { isRecord } from '../objects/fields.ts'
import { asGoText } from '../objects/go-text.ts'

export interface ListsToOrder {
  /** The merged list. */
  list: unknown[]
  /** What `$setElementOrder/…` says: scalars, or objects with only the merge key. */
  order: unknown[]
  /** The list before the patch, for the order of what only the server knows. */
  server: unknown[]
  /** The list in the patch, less its directives, which must keep to `order`. */
  patched: unknown[]
}

/**
 * Puts a merged list in the order the client wants. Items that only the server knows keep their place before the
 * first item they preceded; new items go before them.
 */
export function inElementOrder(lists: ListsToOrder, key: string | undefined): unknown[] {
  const identity = (item: unknown) => (key !== undefined && isRecord(item) ? item[key] : item)
  const wanted = lists.order.map(identity)
  const before = lists.server.map(identity)
  checkConsistent(lists, identity, wanted)
  const rankIn = (ids: unknown[]): ((item: unknown) => number) => {
    const ranks = firstPlaces(ids)
    return (item) => ranks.get(identity(item)) ?? -1
  }
  const [rank, rankBefore] = [rankIn(wanted), rankIn(before)]
  const known = lists.list.filter((item) => rank(item) >= 0)
  const serverOnly = lists.list.filter((item) => rank(item) < 0)
  known.sort((a, b) => rank(a) - rank(b))
  serverOnly.sort((a, b) => rankBefore(a) - rankBefore(b))
  return interleave(serverOnly, known, rankBefore)
}

/** Where each value stands first. Looked up: lists may be long, and searching them for each item would take minutes. */
function firstPlaces(ids: readonly unknown[]): Map<unknown, number> {
  const places = new Map<unknown, number>()
  for (const [place, id] of ids.entries()) if (!places.has(id)) places.set(id, place)
  return places
}

function interleave(serverOnly: unknown[], known: unknown[], rank: (item: unknown) => number): unknown[] {
  const merged: unknown[] = []
  let next = 0
  for (const item of known) {
    const place = rank(item)
    const isBefore = (other: unknown): boolean => place >= 0 && rank(other) >= 0 && rank(other) < place
    while (next < serverOnly.length && isBefore(serverOnly[next])) merged.push(serverOnly[next++])
    merged.push(item)
  }
  return [...merged, ...serverOnly.slice(next)]
}

function checkConsistent(lists: ListsToOrder, identity: (item: unknown) => unknown, wanted: unknown[]): void {
  let next = 0
  for (const id of wanted) if (next < lists.patched.length && identity(lists.patched[next]) === id) next += 1
  if (next === lists.patched.length) return
  const message = `The order in patch list:\n${asGoText(lists.patched)}\n doesn't match $setElementOrder list:\n${asGoText(lists.order)}\n`
  throw new StatusError(500, '', message)
}
