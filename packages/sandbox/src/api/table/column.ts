import type { ApiObject } from '../object.ts'
import { fieldAt, numberAt, stringAt } from '../objects/fields.ts'
import { ageOf } from './age.ts'

/** One column of a Table; a `priority` above 0 shows only with `-o wide`. */
export interface Column {
  readonly name: string
  /** An OpenAPI type; default `string`. */
  readonly type?: string
  readonly format?: string
  readonly description?: string
  readonly priority?: number
  readonly cell: (object: ApiObject, now: Date) => unknown
}

export const nameColumn: Column = { name: 'Name', format: 'name', cell: ({ metadata }) => metadata.name }

export const ageColumn: Column = {
  name: 'Age',
  cell: ({ metadata }, now) => ageOf(metadata.creationTimestamp, now),
}

/** The point in time itself, for the few kinds that show no age. */
export const createdAtColumn: Column = {
  name: 'Created At',
  type: 'date',
  cell: ({ metadata }) => metadata.creationTimestamp ?? null,
}

/** A string field, with what stands in for it when it is not there. */
export function text(name: string, path: string, missing = ''): Column {
  return { name, cell: (object) => stringAt(object, ...path.split('.')) || missing }
}

/** A number field; missing counts as 0. */
export function count(name: string, path: string, type = 'string'): Column {
  return { name, type, cell: (object) => numberAt(object, ...path.split('.')) ?? 0 }
}

/** The same column, shown only with `-o wide`. */
export function wide(column: Column): Column {
  return { ...column, priority: 1 }
}

/** How many entries the maps at these fields have together. */
export function entries(name: string, ...fields: string[]): Column {
  const size = (object: ApiObject, field: string) => Object.keys(fieldAt(object, field) ?? {}).length
  return { name, cell: (object) => fields.reduce((sum, field) => sum + size(object, field), 0) }
}

/** Labels as a selector string: `a=b,c=d`, or `<none>`. */
export function formatLabels(labels: unknown): string {
  const pairs = typeof labels === 'object' && labels !== null ? Object.entries(labels) : []
  const sorted = pairs.map(([key, value]) => `${key}=${String(value)}`).sort()
  return sorted.length === 0 ? '<none>' : sorted.join(',')
}
