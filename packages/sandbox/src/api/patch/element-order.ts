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
  const rank = (item: unknown, ids: unknown[]) => ids.indexOf(identity(item))
  const known = lists.list.filter((item) => rank(item, wanted) >= 0)
  const serverOnly = lists.list.filter((item) => rank(item, wanted) < 0)
  known.sort((a, b) => rank(a, wanted) - rank(b, wanted))
  serverOnly.sort((a, b) => rank(a, before) - rank(b, before))
  return interleave(serverOnly, known, (item) => rank(item, before))
}

function interleave(serverOnly: unknown[], known: unknown[], rank: (item: unknown) => number): unknown[] {
  const rest = [...serverOnly]
  const merged = known.flatMap((item) => {
    const place = rank(item)
    const firstAfter = rest.findIndex((other) => place < 0 || rank(other) < 0 || rank(other) >= place)
    return [...rest.splice(0, firstAfter === -1 ? rest.length : firstAfter), item]
  })
  return [...merged, ...rest]
}

function checkConsistent(lists: ListsToOrder, identity: (item: unknown) => unknown, wanted: unknown[]): void {
  let next = 0
  for (const id of wanted) if (next < lists.patched.length && identity(lists.patched[next]) === id) next += 1
  if (next === lists.patched.length) return
  const message = `The order in patch list:\n${asGoText(lists.patched)}\n doesn't match $setElementOrder list:\n${asGoText(lists.order)}\n`
  throw new StatusError(500, '', message)
}
