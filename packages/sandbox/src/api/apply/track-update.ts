import type { Comparison } from './compare.ts'
import { difference, isEmpty, LEAF, union, without } from './field-set.ts'
import type { FieldSet } from './field-set.ts'
import { isSameManager } from './manager.ts'
import type { Manager, ManagerId } from './manager.ts'

/** Metadata that is the server's business and has no manager. The names alone: what is below `metadata` has. */
const WITHOUT_MANAGER: FieldSet = {
  'f:apiVersion': LEAF,
  'f:kind': LEAF,
  'f:metadata': {
    '.': LEAF,
    'f:creationTimestamp': LEAF,
    'f:generation': LEAF,
    'f:managedFields': LEAF,
    'f:name': LEAF,
    'f:namespace': LEAF,
    'f:resourceVersion': LEAF,
    'f:selfLink': LEAF,
    'f:uid': LEAF,
  },
}

/** `fields` without those that never have a manager. */
export function manageable(fields: FieldSet): FieldSet {
  return difference(fields, WITHOUT_MANAGER)
}

/** The part of a comparison that is written where it is sent to; `ignored` are fields that the endpoint resets. */
export function writtenPart({ added, modified, removed }: Comparison, ignored: FieldSet): Comparison {
  if (isEmpty(ignored)) return { added, modified, removed }
  return {
    added: without(added, ignored),
    modified: without(modified, ignored),
    removed: without(removed, ignored),
  }
}

/** The managers after `self` made these changes: what it wrote is its own, what is gone is nobody's. */
export function trackUpdate(
  managers: readonly Manager[],
  self: ManagerId,
  { added, modified, removed }: Comparison,
  now: string,
): Manager[] {
  const written = union(added, modified)
  const taken = manageable(written)
  const before = disown(disown(managers, written), removed)
  if (isEmpty(taken)) return before
  const known = before.find((manager) => isSameManager(manager, self))
  const others = before.filter((manager) => manager !== known)
  const fields = known ? union(known.fields, taken) : taken
  const { manager, operation, apiVersion, subresource } = self
  return [...others, { manager, operation, apiVersion, subresource, time: now, fields }]
}

/** Each manager's fields without `fields`. Those that own nothing stay: they may be about to own something. */
export function disown(managers: readonly Manager[], fields: FieldSet): Manager[] {
  if (isEmpty(fields)) return [...managers]
  return managers.map((manager) => ({ ...manager, fields: difference(manager.fields, fields) }))
}
