import { randomUUID } from 'node:crypto'
import { ownershipOfUpdate, setManagers } from '../apply/ownership.ts'
import type { Ownership } from '../apply/ownership.ts'
import { guardGrant } from '../authorization/guard-grants.ts'
import { timestamp } from '../cluster.ts'
import type { Call } from '../cluster.ts'
import { applyDefaults } from '../defaults.ts'
import { alreadyExists, invalid } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { admitNew, admitToNamespace, convertNew } from '../objects/admission.ts'
import { readObject } from '../objects/field-validation.ts'
import { resetStatus } from '../objects/initial-status.ts'
import { generateName } from '../objects/name-generator.ts'
import { present, toStorage } from '../objects/present.ts'
import { checkQuotas } from '../quota/admission.ts'
import { checkLimitRanges } from '../quota/limit-range.ts'
import { StatusError } from '../status.ts'
import { validateObject } from '../validation.ts'
import { isDryRun } from './dry-run.ts'
import { DEFINITIONS } from './removal.ts'

/** POST on a collection. */
export function createObject(call: Call, body: unknown): ApiObject {
  const object = readObject(call, body)
  if (object.metadata.resourceVersion) throw versionSet()
  return storeNew(call, object, ownershipOfUpdate(call, object.metadata.managedFields))
}

/** Completes, checks and stores a new object. */
export function storeNew(call: Call, object: ApiObject, ownership: Ownership): ApiObject {
  const { cluster, resource, query } = call
  nameObject(object, call)
  stampNew(object, call)
  resetStatus(object, resource)
  applyDefaults(object)
  admitToNamespace(call, object.metadata.name)
  guardGrant(call, object)
  convertNew(object, resource)
  // What the server adds from here on, such as addresses, nobody owns.
  setManagers(object, ownership(undefined, object))
  admitNew(object, call)
  const causes = validateObject(object, resource.openApiSchema)
  if (causes.length > 0) throw invalid(resource, object.metadata.name, causes)
  checkLimitRanges(call, object)
  checkQuotas(call, object)
  const existing = existingObject(call, object.metadata.name)
  if (existing) throw alreadyExists(resource, object.metadata.name, existing.metadata.deletionTimestamp !== undefined)
  if (isDryRun(query)) return object
  const stored = cluster.store.put(resource.storageKey, toStorage(object, resource))
  if (resource.storageKey === DEFINITIONS) cluster.registry.define(stored)
  return present(stored, resource)
}

/** Answered with 500 by the API server, too, which takes it for a fault of its own. */
function versionSet(): Error {
  return new StatusError(500, '', 'resourceVersion should not be set on objects to be created')
}

function existingObject({ cluster, resource, path }: Call, name: string): ApiObject | undefined {
  return cluster.store.get(resource.storageKey, path.namespace, name)
}

/** Gives an object that has only `generateName` a name that is free. */
function nameObject({ metadata }: ApiObject, call: Call): void {
  if (metadata.name !== '' || !metadata.generateName) return
  do metadata.name = generateName(metadata.generateName)
  while (existingObject(call, metadata.name))
}

/** The metadata that only the server writes. */
function stampNew({ metadata }: ApiObject, { cluster, resource }: Call): void {
  delete metadata.resourceVersion
  delete metadata.deletionTimestamp
  delete metadata.deletionGracePeriodSeconds
  delete metadata.managedFields
  Reflect.deleteProperty(metadata, 'selfLink')
  metadata.uid = randomUUID()
  metadata.creationTimestamp = timestamp(cluster.clock())
  if (resource.counted) metadata.generation = 1
  else delete metadata.generation
}
