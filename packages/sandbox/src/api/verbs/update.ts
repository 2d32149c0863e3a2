import { isDeepStrictEqual } from 'node:util'
import { guardGrant } from '../authorization/guard-grants.ts'
import type { Call } from '../cluster.ts'
import { applyDefaults } from '../defaults.ts'
import { conflict, invalid, methodNotAllowed, modified, notFound } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { admitChanged } from '../objects/admission.ts'
import { readObject } from '../objects/field-validation.ts'
import { listAt, recordAt } from '../objects/fields.ts'
import { forbiddenChanges } from '../objects/immutability.ts'
import { present, toStorage } from '../objects/present.ts'
import { hasSubresource } from '../resources/resource.ts'
import type { Resource } from '../resources/resource.ts'
import { validateObject } from '../validation.ts'
import { isDryRun } from './dry-run.ts'
import { DEFINITIONS, isFinished, removeObject } from './removal.ts'

/** The stored object a call names. */
export function requireObject({ cluster, resource, path }: Call): ApiObject {
  const existing = cluster.store.get(resource.storageKey, path.namespace, path.name)
  if (!existing) throw notFound(resource, path.name)
  return existing
}

/** PUT: replaces an object, or with a subresource only that part of it. */
export function replaceObject(call: Call, body: unknown): ApiObject {
  const existing = requireObject(call)
  return changeObject(call, existing, readObject(call, body))
}

/**
 * Stores `wanted` in place of `existing`. What a client may not write at this endpoint is taken from `existing`; a change
 * that changes nothing gets no new version. An object whose last finalizer went is removed.
 */
export function changeObject(call: Call, existing: ApiObject, wanted: ApiObject): ApiObject {
  const { cluster, resource, path, query } = call
  checkIdentity(call, existing, wanted)
  const changed = merge(call, existing, wanted)
  const next = toStorage(changed, resource)
  if (isDeepStrictEqual(next, existing)) return present(existing, resource)
  if (isDryRun(query)) return changed
  if (isFinished(next)) return present(removeObject(cluster, resource, next), resource)
  const stored = cluster.store.put(resource.storageKey, next)
  if (resource.storageKey === DEFINITIONS && path.subresource === '') cluster.registry.define(stored)
  return present(stored, resource)
}

/** A write that names a version or a uid is only good for that one. */
function checkIdentity({ resource, path }: Call, { metadata }: ApiObject, wanted: ApiObject): void {
  const { resourceVersion, uid } = wanted.metadata
  if (uid !== undefined && uid !== '' && uid !== metadata.uid) {
    throw conflict(
      resource,
      path.name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`,
    )
  }
  // "0" stands for "any", as an empty one does.
  const based = resourceVersion !== undefined && resourceVersion !== '' && resourceVersion !== '0'
  if (based && resourceVersion !== metadata.resourceVersion) throw modified(resource, path.name)
}

function merge(call: Call, existing: ApiObject, wanted: ApiObject): ApiObject {
  switch (call.path.subresource) {
    case '':
      return mergeMain(call, existing, wanted)
    case 'status':
      return mergeStatus(existing, wanted)
    case 'finalize':
      return mergeFinalizers(existing, wanted)
    default:
      throw methodNotAllowed()
  }
}

/** `/status` writes the status and nothing else. */
function mergeStatus(existing: ApiObject, wanted: ApiObject): ApiObject {
  const next = structuredClone(existing)
  keepField(next, wanted, 'status')
  return next
}

/** `/finalize` of a namespace writes `spec.finalizers` and nothing else. */
function mergeFinalizers(existing: ApiObject, wanted: ApiObject): ApiObject {
  const next = structuredClone(existing)
  recordAt(next, 'spec')['finalizers'] = listAt(wanted, 'spec', 'finalizers')
  return next
}

function mergeMain(call: Call, existing: ApiObject, wanted: ApiObject): ApiObject {
  const { resource } = call
  const next: ApiObject = { ...wanted, metadata: { ...wanted.metadata, name: existing.metadata.name } }
  keepServerMetadata(next, existing)
  if (hasSubresource(resource, 'status')) keepField(next, existing, 'status')
  if (resource.storageKey === 'namespaces') keepNamespaceFinalizers(next, existing)
  applyDefaults(next)
  guardGrant(call, next, existing)
  admitChanged(next, existing, call)
  const causes = [...validateObject(next), ...forbiddenChanges(next, existing), ...lateFinalizers(next, existing)]
  if (causes.length > 0) throw invalid(resource, existing.metadata.name, causes)
  if (resource.counted) countChange(next, existing, resource)
  return next
}

function keepField(next: ApiObject, existing: ApiObject, field: string): void {
  if (existing[field] === undefined) delete next[field]
  else next[field] = existing[field]
}

/** The metadata that only the server writes stays what it is. */
function keepServerMetadata({ metadata }: ApiObject, existing: ApiObject): void {
  const {
    uid,
    resourceVersion,
    generation,
    creationTimestamp,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    generateName,
  } = existing.metadata
  delete metadata.managedFields
  const kept = {
    uid,
    resourceVersion,
    generation,
    creationTimestamp,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    generateName,
  }
  Object.assign(metadata, kept)
  for (const [key, value] of Object.entries(metadata)) if (value === undefined) Reflect.deleteProperty(metadata, key)
}

function keepNamespaceFinalizers(next: ApiObject, existing: ApiObject): void {
  recordAt(next, 'spec')['finalizers'] = listAt(existing, 'spec', 'finalizers')
}

/** An object on its way out takes no new finalizers: they could keep it forever. */
function lateFinalizers(
  { metadata }: ApiObject,
  existing: ApiObject,
): { reason: string; message: string; field: string }[] {
  if (existing.metadata.deletionTimestamp === undefined) return []
  const before = new Set(existing.metadata.finalizers)
  const late = (metadata.finalizers ?? []).filter((finalizer) => !before.has(finalizer))
  if (late.length === 0) return []
  const why = 'no new finalizers can be added if the object is being deleted, found new finalizers'
  return [
    {
      reason: 'FieldValueForbidden',
      message: `Forbidden: ${why} ${JSON.stringify(late)}`,
      field: 'metadata.finalizers',
    },
  ]
}

/** `metadata.generation` counts changes of what the user wishes for: of the spec, or of all but status and metadata. */
function countChange(next: ApiObject, existing: ApiObject, resource: Resource): void {
  const wish = ({ apiVersion: _version, metadata: _metadata, status, ...rest }: ApiObject): unknown =>
    hasSubresource(resource, 'status') ? rest : { ...rest, status }
  if (isDeepStrictEqual(wish(next), wish(existing))) return
  next.metadata.generation = (existing.metadata.generation ?? 0) + 1
}
