import type { Schema } from '../schema/schema.ts'
import { appliedFields } from './applied-fields.ts'
import { difference, intersection, isEmpty, union } from './field-set.ts'
import type { FieldSet } from './field-set.ts'
import { removeFields, withNamedFields } from './remove-fields.ts'

/** Whose fields an applied configuration may take away. */
export interface Owners {
  /** What the manager applied the last time. */
  readonly last: FieldSet
  /** What it applies now, and what all others own. */
  readonly owned: FieldSet
}

/**
 * The merged object without the fields that its manager applied before, applies no more, and nobody else owns. With an item
 * or an object go fields below it that nobody owns, such as defaults; what its manager never applied stays.
 */
export function dropAbandoned(merged: unknown, { last, owned }: Owners, schema: Schema): unknown {
  if (isEmpty(difference(last, owned))) return merged
  const named = (set: FieldSet): FieldSet => withNamedFields(set, schema)
  const fieldsOf = (value: unknown): FieldSet => named(appliedFields(value, schema))
  const all = fieldsOf(merged)
  const withoutLast = removeFields(merged, named(last), schema)
  const kept = union(fieldsOf(withoutLast), named(owned))
  const withOwned = removeFields(merged, difference(all, kept), schema)
  const dropped = intersection(difference(all, fieldsOf(withOwned)), named(last))
  return removeFields(merged, dropped, schema)
}
