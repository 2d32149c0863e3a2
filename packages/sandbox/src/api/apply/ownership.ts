import { isDeepStrictEqual } from 'node:util'
import { timestamp } from '../cluster.ts'
import type { Call } from '../cluster.ts'
import type { ApiMetadata, ApiObject } from '../object.ts'
import { isRecord } from '../objects/fields.ts'
import { schemaOf } from '../schema/schema-of.ts'
import type { Schema } from '../schema/schema.ts'
import { capManagers } from './cap-managers.ts'
import { compare } from './compare.ts'
import { emptyObject } from './empty-object.ts'
import { managerName } from './field-manager.ts'
import { parseManagers, renderManagers } from './manager.ts'
import type { Manager, ManagerId } from './manager.ts'
import { resetFields } from './reset-fields.ts'
import { trackUpdate, writtenPart } from './track-update.ts'

export type ManagedFields = ApiMetadata['managedFields']

/** Says who owns what after `live` (undefined for a new object) became `next`. */
export type Ownership = (live: ApiObject | undefined, next: ApiObject) => ManagedFields

/** The shape by which the fields of a resource are owned. */
export function ownedShape({ resource }: Call): Schema {
  return schemaOf(resource) ?? { type: 'any' }
}

/** Who sends a request, as an owner of fields. */
export function writerOf({ query, userAgent, resource, path }: Call, operation: ManagerId['operation']): ManagerId {
  const manager = managerName(query, userAgent)
  return { manager, operation, apiVersion: resource.apiVersion, subresource: path.subresource }
}

/**
 * The ownership after any write but an apply: the writer owns what it changed. `sent` are the managers in the body: a client
 * may write them, too. An object without managers, which is one of a time before they were kept, stays without.
 */
export function ownershipOfUpdate(call: Call, sent: ManagedFields): Ownership {
  return (live, next) => {
    const managers = managersBefore(call, live, sent)
    if (live && managers.length === 0) return undefined
    const { resource, path, cluster } = call
    const base = live ?? emptyObject(resource)
    const comparison = writtenPart(compare(base, next, ownedShape(call)), resetFields(resource, path.subresource))
    const now = timestamp(cluster.clock())
    return renderManagers(capManagers(trackUpdate(managers, writerOf(call, 'Update'), comparison, now)))
  }
}

/** How many managers a client may write. Objects have a handful. */
const MAX_SENT = 200

function managersBefore({ path }: Call, live: ApiObject | undefined, sent: ManagedFields): readonly Manager[] {
  if (path.subresource === '') {
    if (isReset(sent)) return []
    const parsed = (sent?.length ?? 0) <= MAX_SENT ? parseManagers(sent) : undefined
    if (parsed && parsed.length > 0) return parsed
  }
  return parseManagers(live?.metadata.managedFields) ?? []
}

/** `[]` and `[{}]` are how a client says that it wants the managers gone; clients that know nothing of them send none. */
function isReset(sent: ManagedFields): boolean {
  if (sent?.length === 1) return isRecord(sent[0]) && Object.keys(sent[0]).length === 0
  return sent?.length === 0
}

/** Whether a write changes nothing but the times of managers. Then it is no write. */
export function isUnchanged(next: ApiObject, live: ApiObject): boolean {
  return (
    sameOwners(next.metadata.managedFields ?? [], live.metadata.managedFields ?? []) &&
    isDeepStrictEqual(withoutManagers(next), withoutManagers(live))
  )
}

function sameOwners(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (one === other) return true
  const timeless = other.map((entry) => withoutTime(entry))
  return one.length === other.length && one.every((entry) => isAmong(withoutTime(entry), timeless))
}

function isAmong(entry: unknown, entries: readonly unknown[]): boolean {
  return entries.some((other) => isDeepStrictEqual(entry, other))
}

function withoutTime(entry: unknown): unknown {
  return isRecord(entry) ? { ...entry, time: undefined } : entry
}

/** An object as it is compared: without what says who wrote it. */
export function withoutManagers(object: ApiObject): ApiObject {
  const { managedFields: _managers, ...metadata } = object.metadata
  return { ...object, metadata }
}

/** Puts the managers into an object that is about to be stored. */
export function setManagers({ metadata }: ApiObject, managedFields: ManagedFields): void {
  if (managedFields === undefined) delete metadata.managedFields
  else metadata.managedFields = managedFields
}
