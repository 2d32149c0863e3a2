import { isDeepStrictEqual } from 'node:util'
import type { Schema } from '../schema/schema.ts'
import { dropAbandoned } from './abandoned-fields.ts'
import { appliedFields } from './applied-fields.ts'
import { compare } from './compare.ts'
import { ApplyConflict } from './conflict.ts'
import { intersection, isEmpty, LEAF, union, without } from './field-set.ts'
import type { FieldSet } from './field-set.ts'
import { isSameManager } from './manager.ts'
import type { Manager, ManagerId } from './manager.ts'
import { mergeConfiguration } from './merge-configuration.ts'
import { disown, manageable, writtenPart } from './track-update.ts'

/** A configuration to apply, and the object it is applied to. */
export interface Application {
  readonly live: unknown
  readonly config: unknown
  readonly schema: Schema
  readonly managers: readonly Manager[]
  readonly self: ManagerId
  /** Whether fields of others become the applier's. */
  readonly force: boolean
  /** What the endpoint resets, whatever is sent. */
  readonly ignored: FieldSet
  readonly now: string
}

/** What became of the object and of its managers. */
export interface Applied {
  readonly object: unknown
  readonly managers: readonly Manager[]
}

/**
 * Merges a configuration into an object: what it says is set and the applier's, what the applier said before and says no
 * more is removed.
 * @throws ApplyConflict where the configuration changes what others own, without `force`.
 */
export function applyConfiguration(application: Application): Applied {
  const { live, config, schema, managers, self, force, ignored, now } = application
  const known = managers.find((manager) => isSameManager(manager, self))
  const others = managers.filter((manager) => manager !== known)
  const wanted = without(appliedFields(config, schema), ignored)
  const owned = others.reduce((sum, { fields }) => union(sum, fields), wanted)
  const merged = mergeConfiguration(live, config, schema)
  const object = known ? dropAbandoned(merged, { last: known.fields, owned }, schema) : merged
  const { added, modified, removed } = writtenPart(compare(live, object, schema), ignored)
  const written = union(added, modified)
  if (!force) checkConflicts(others, written)
  const time = isDeepStrictEqual(live, object) ? known?.time : now
  const rest = disown(disown(others, written), removed)
  const { manager, operation, apiVersion, subresource } = self
  const applier = { manager, operation, apiVersion, subresource, time, fields: manageable(wanted) }
  return { object, managers: [...rest, applier] }
}

function checkConflicts(others: readonly Manager[], written: FieldSet): void {
  const conflicts = others
    .map((owner) => ({ owner, fields: isEmpty(written) ? LEAF : intersection(owner.fields, written) }))
    .filter(({ fields }) => !isEmpty(fields))
  if (conflicts.length > 0) throw new ApplyConflict(conflicts)
}
