import type { ApiMetadata } from '../object.ts'
import { isRecord, stringAt } from '../objects/fields.ts'
import { isEmpty, sortSet } from './field-set.ts'
import type { FieldSet } from './field-set.ts'

/** Who owns fields: an entry of `metadata.managedFields`. */
export interface Manager {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  /** Empty for the object itself. */
  readonly subresource: string
  /** RFC 3339; undefined where the manager never changed a value. */
  readonly time: string | undefined
  readonly fields: FieldSet
}

/** What tells managers apart. */
export type ManagerId = Pick<Manager, 'manager' | 'operation' | 'apiVersion' | 'subresource'>

/** Whoever applies is the same in each version of a kind, since the configuration says all it wants. */
export function isSameManager(one: ManagerId, other: ManagerId): boolean {
  return (
    one.manager === other.manager &&
    one.operation === other.operation &&
    one.subresource === other.subresource &&
    (one.operation === 'Apply' || one.apiVersion === other.apiVersion)
  )
}

/** The managers of an object, or undefined where the list is not one. */
export function parseManagers(managedFields: ApiMetadata['managedFields']): readonly Manager[] | undefined {
  const managers = (managedFields ?? []).map((entry) => parseManager(entry))
  return managers.every((manager) => manager !== undefined) ? managers : undefined
}

function parseManager(entry: unknown): Manager | undefined {
  if (!isRecord(entry)) return undefined
  const { operation, fieldsV1 } = entry
  const known = operation === 'Apply' || operation === 'Update'
  if (!known || !isFieldSet(fieldsV1)) return undefined
  return {
    manager: stringAt(entry, 'manager') ?? '',
    operation,
    apiVersion: stringAt(entry, 'apiVersion') ?? '',
    subresource: stringAt(entry, 'subresource') ?? '',
    time: stringAt(entry, 'time'),
    fields: fieldsV1,
  }
}

/** Whether a value is a set, as far as anything here relies on it: what clients send is checked like any other input. */
function isFieldSet(value: unknown): value is FieldSet {
  return (
    isRecord(value) &&
    Object.entries(value).every(([element, node]) => isElement(element) && isFieldSet(node)) &&
    !('' in value)
  )
}

function isElement(element: string): boolean {
  return element === '.' || element.startsWith('f:') || isItemElement(element)
}

function isItemElement(element: string): boolean {
  if (!/^[kvi]:/.test(element)) return false
  try {
    const value: unknown = JSON.parse(element.slice(2))
    return !element.startsWith('k:') || isRecord(value)
  } catch {
    return false
  }
}

/** The managers as the object carries them, in the API server's order; undefined where there are none. */
export function renderManagers(managers: readonly Manager[]): ApiMetadata['managedFields'] {
  const owners = managers.filter(({ fields }) => !isEmpty(fields))
  if (owners.length === 0) return undefined
  return owners.sort(byAge).map(({ manager, operation, apiVersion, subresource, time, fields }) => ({
    manager,
    operation,
    apiVersion,
    ...(time !== undefined && { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: sortSet(fields),
    ...(subresource && { subresource }),
  }))
}

function byAge(one: Manager, other: Manager): number {
  return (
    order(one.operation, other.operation) ||
    order(one.time ?? '', other.time ?? '') ||
    order(one.manager, other.manager) ||
    order(one.apiVersion, other.apiVersion) ||
    order(one.subresource, other.subresource)
  )
}

function order(one: string, other: string): number {
  return one < other ? -1 : Number(one > other)
}
