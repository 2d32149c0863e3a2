import { randomUUID } from 'node:crypto'
import { guardGrant } from '../authorization/guard-grants.ts'
import { timestamp } from '../cluster.ts'
import type { Call } from '../cluster.ts'
import { applyDefaults } from '../defaults.ts'
import { alreadyExists, badRequest, invalid } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { admitNew, admitToNamespace } from '../objects/admission.ts'
import { readObject } from '../objects/field-validation.ts'
import { resetStatus } from '../objects/initial-status.ts'
import { generateName } from '../objects/name-generator.ts'
import { present, toStorage } from '../objects/present.ts'
import { validateObject } from '../validation.ts'
import { isDryRun } from './dry-run.ts'
import { DEFINITIONS } from './removal.ts'

/** POST on a collection: completes, checks and stores a new object. */
export function createObject(call: Call, body: unknown): ApiObject {
  const { cluster, resource, query } = call
  const object = readObject(call, body)
  if (object.metadata.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created')
  nameObject(object, call)
  stampNew(object, call)
  resetStatus(object, resource)
  applyDefaults(object)
  admitToNamespace(call, object.metadata.name)
  guardGrant(call, object)
  admitNew(object, call)
  const causes = validateObject(object)
  if (causes.length > 0) throw invalid(resource, object.metadata.name, causes)
  if (existingObject(call, object.metadata.name)) throw alreadyExists(resource, object.metadata.name)
  if (isDryRun(query)) return object
  const stored = cluster.store.put(resource.storageKey, toStorage(object, resource))
  if (resource.storageKey === DEFINITIONS) cluster.registry.define(stored)
  return present(stored, resource)
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
  metadata.uid = randomUUID()
  metadata.creationTimestamp = timestamp(cluster.clock())
  if (resource.counted) metadata.generation = 1
  else delete metadata.generation
}
