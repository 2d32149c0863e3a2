import { isDeepStrictEqual } from 'node:util'
import { isUnchanged, ownershipOfUpdate, setManagers } from '../apply/ownership.ts'
import type { Ownership } from '../apply/ownership.ts'
import { guardGrant } from '../authorization/guard-grants.ts'
import type { Call } from '../cluster.ts'
import { applyDefaults } from '../defaults.ts'
import { badRequest, conflict, invalid, methodNotAllowed, modified, notFound, unreadableVersion } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { admitChanged } from '../objects/admission.ts'
import { checkClaimGrowth } from '../objects/claim-growth.ts'
import { readObject } from '../objects/field-validation.ts'
import { isRecord, listAt, recordAt, stringAt } from '../objects/fields.ts'
import { forbiddenChanges } from '../objects/immutability.ts'
import { present, toStorage } from '../objects/present.ts'
import { checkQuotas } from '../quota/admission.ts'
import { hasSubresource } from '../resources/resource.ts'
import type { Resource } from '../resources/resource.ts'
import { validateCustomStatus } from '../schema/validate-custom.ts'
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
  const wanted = readObject(call, body)
  if (wanted.metadata.name === '') throw nameless(call.path.name)
  if (isWithoutVersion(wanted) && needsVersion(call.resource)) throw versionless(call)
  return changeObject(call, existing, wanted)
}

/** What carries no name where its path does. */
export function nameless(name: string): Error {
  return badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`)
}

/** The built-in kinds that are replaced only at the version that was read; so are all custom kinds. */
const REPLACED_AT_VERSION = new Set([
  'customresourcedefinitions.apiextensions.k8s.io',
  'leases.coordination.k8s.io',
  'mutatingwebhookconfigurations.admissionregistration.k8s.io',
  'poddisruptionbudgets.policy',
  'validatingwebhookconfigurations.admissionregistration.k8s.io',
])

function needsVersion({ custom, storageKey }: Resource): boolean {
  return custom || REPLACED_AT_VERSION.has(storageKey)
}

function isWithoutVersion({ metadata: { resourceVersion = '' } }: ApiObject): boolean {
  return resourceVersion === '' || resourceVersion === '0'
}

function versionless({ resource, path }: Call): Error {
  const message = 'Invalid value: 0: must be specified for an update'
  const cause = { reason: 'FieldValueInvalid', message, field: 'metadata.resourceVersion' }
  return invalid({ ...resource, kind: resource.plural }, path.name, [cause])
}

/**
 * Stores `wanted` in place of `existing`. What a client may not write at this endpoint is taken from `existing`; a change
 * that changes nothing gets no new version. An object whose last finalizer went is removed.
 */
export function changeObject(
  call: Call,
  existing: ApiObject,
  wanted: ApiObject,
  ownership: Ownership = ownershipOfUpdate(call, wanted.metadata.managedFields),
): ApiObject {
  const { cluster, resource, path, query } = call
  checkIdentity(call, existing, wanted)
  const changed = merge(call, existing, wanted)
  setManagers(changed, ownership(present(existing, resource), changed))
  const next = toStorage(changed, resource)
  if (isUnchanged(next, existing)) return present(existing, resource)
  checkClaimGrowth(call, next, existing)
  checkQuotas(call, next, existing)
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
    const place = ['', 'registry', resource.plural, path.namespace, path.name].filter(
      (part, index) => part || index === 0,
    )
    const failed = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`
    const why = `StorageError: invalid object, Code: 4, Key: ${place.join('/')}, ResourceVersion: 0, AdditionalErrorMsg: ${failed}`
    throw conflict(resource, path.name, why)
  }
  // "0" stands for "any", as an empty one does.
  const based = resourceVersion !== undefined && resourceVersion !== '' && resourceVersion !== '0'
  if (based && !/^\d+$/.test(resourceVersion)) throw unreadableVersion(resourceVersion)
  if (based && resourceVersion !== metadata.resourceVersion) throw modified(resource, path.name)
}

function merge(call: Call, existing: ApiObject, wanted: ApiObject): ApiObject {
  switch (call.path.subresource) {
    case '':
      return mergeMain(call, existing, wanted)
    case 'status':
      return mergeStatus(call, existing, wanted)
    case 'finalize':
      return mergeFinalizers(existing, wanted)
    default:
      throw methodNotAllowed()
  }
}

/** `/status` writes the status, and of built-in kinds what clients write of the metadata, as kube-apiserver does. */
function mergeStatus({ resource }: Call, existing: ApiObject, wanted: ApiObject): ApiObject {
  const next = structuredClone(existing)
  keepField(next, wanted, 'status')
  if (resource.custom) {
    const causes = validateCustomStatus(next['status'], resource.openApiSchema)
    if (causes.length > 0) throw invalid(resource, existing.metadata.name, causes)
    return next
  }
  if (resource.storageKey === 'pods') completePodStatus(next, existing)
  const { metadata } = wanted
  const fields = KEPT_BY_STATUS[resource.storageKey] ?? WRITTEN_BY_STATUS
  for (const field of fields) {
    if (metadata[field] === undefined) delete next.metadata[field]
    else Object.assign(next.metadata, { [field]: metadata[field] })
  }
  return next
}

/** The class stays; the first address stands in two places, and who writes only the older one means both. */
function completePodStatus({ status }: ApiObject, existing: ApiObject): void {
  if (!isRecord(status)) return
  const [qosClass, address] = [stringAt(existing, 'status', 'qosClass'), stringAt(status, 'podIP')]
  if (qosClass) status['qosClass'] = qosClass
  if (address && listAt(status, 'podIPs').length === 0) status['podIPs'] = [{ ip: address }]
}

const WRITTEN_BY_STATUS = ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const

/** The kinds whose status takes less of the metadata along. */
const KEPT_BY_STATUS: Readonly<Record<string, readonly (typeof WRITTEN_BY_STATUS)[number][]>> = {
  pods: ['labels', 'annotations', 'finalizers'],
  'deployments.apps': ['annotations', 'finalizers', 'ownerReferences'],
  'customresourcedefinitions.apiextensions.k8s.io': [],
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
  const causes = [
    ...validateObject(next, resource.openApiSchema),
    ...forbiddenChanges(next, existing),
    ...lateFinalizers(next, existing),
  ]
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
  const listed = `[]string{${late.map((finalizer) => JSON.stringify(finalizer)).join(', ')}}`
  const cause = { reason: 'FieldValueForbidden', message: `Forbidden: ${why} ${listed}`, field: 'metadata.finalizers' }
  // Found by the check of all objects and by that of the kind; the sentence says it once.
  return [cause, cause]
}

/**
 * `metadata.generation` counts changes of what the user wishes for: of the spec, or of all but status and metadata. For a
 * Deployment annotations are wishes, too.
 */
function countChange(next: ApiObject, existing: ApiObject, resource: Resource): void {
  const wish = ({ apiVersion: _version, metadata, status, ...rest }: ApiObject): unknown => {
    const annotations = resource.storageKey === 'deployments.apps' ? metadata.annotations : undefined
    return hasSubresource(resource, 'status') ? { ...rest, annotations } : { ...rest, status }
  }
  if (isDeepStrictEqual(wish(next), wish(existing))) return
  next.metadata.generation = (existing.metadata.generation ?? 0) + 1
}
