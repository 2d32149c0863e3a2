import { applyConfiguration } from '../apply/apply-configuration.ts'
import type { Application, Applied } from '../apply/apply-configuration.ts'
import { checkConfiguration } from '../apply/check-configuration.ts'
import { compare } from '../apply/compare.ts'
import { ApplyConflict } from '../apply/conflict.ts'
import { emptiedFields } from '../apply/emptied-fields.ts'
import { emptyObject } from '../apply/empty-object.ts'
import { foreignConflicts, syncLastApplied } from '../apply/last-applied.ts'
import { parseManagers, renderManagers } from '../apply/manager.ts'
import type { Manager } from '../apply/manager.ts'
import { ownedShape, withoutManagers, writerOf } from '../apply/ownership.ts'
import { resetFields } from '../apply/reset-fields.ts'
import { trackUpdate, writtenPart } from '../apply/track-update.ts'
import { attributesOfObjects } from '../authorization/attributes.ts'
import { timestamp } from '../cluster.ts'
import type { Call } from '../cluster.ts'
import { badRequest, invalid, notFound } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { isRecord, stringAt } from '../objects/fields.ts'
import { readPatched } from '../objects/field-validation.ts'
import { present } from '../objects/present.ts'
import { storeNew } from './create.ts'
import { checkLasting } from './patch.ts'
import { changeObject } from './update.ts'
import { isForced } from './write-options.ts'

/** What a patch led to. Only an apply creates objects. */
export interface Patched {
  readonly object: ApiObject
  readonly created: boolean
}

/**
 * PATCH with a configuration (server-side apply): what it says becomes so and the manager's own; what the manager said
 * before and says no more goes. Makes the object where there is none.
 * @throws ApplyConflict where others own what it would change.
 */
export function applyObject(call: Call, body: unknown): Patched {
  const { cluster, resource, path } = call
  const config = readConfiguration(call, body)
  const live = cluster.store.get(resource.storageKey, path.namespace, path.name)
  if (!live && path.subresource !== '') throw notFound(resource, path.name)
  const { object, managers } = applyTo(call, live && present(live, resource), config)
  if (resource.custom) checkEmptied(call, object)
  const wanted = readPatched(call, structuredClone(object), () => JSON.stringify(object), false)
  syncLastApplied(wanted, config, writerOf(call, 'Apply').manager)
  const ownership = (): ApiObject['metadata']['managedFields'] => renderManagers(managers)
  checkLasting(call, live ?? { ...wanted, metadata: { name: wanted.metadata.name } }, wanted)
  if (live) return { object: changeObject(call, live, wanted, ownership), created: false }
  return { object: create(call, wanted, ownership), created: true }
}

function checkEmptied(call: Call, object: unknown): void {
  const causes = emptiedFields(object, ownedShape(call))
  if (causes.length > 0) throw invalid(call.resource, call.path.name, causes)
}

/** Who may apply needs the right to create for this. */
function create(call: Call, wanted: ApiObject, ownership: Parameters<typeof storeNew>[2]): ApiObject {
  const { cluster, path, query, user } = call
  cluster.authorizer.require(user, attributesOfObjects('POST', path, query))
  if (wanted.metadata.name === '') {
    throw badRequest(`the name of the object (${path.name} based on URL) was undeterminable: name must be provided`)
  }
  delete wanted.metadata.resourceVersion
  return storeNew(call, wanted, ownership)
}

/**
 * A body as a configuration of the call's resource.
 * @throws StatusError 400 where it is none, 500 where its schema gives it no meaning.
 */
export function readConfiguration(call: Call, body: unknown): Record<string, unknown> {
  const { group, version, kind } = call.resource
  const config = parseConfiguration(call, body)
  const [namespace = '', name = ''] = ['namespace', 'name'].map((field) => stringAt(config, 'metadata', field))
  checkConfiguration(config, ownedShape(call), `${namespace}/${name}; ${group}/${version}, Kind=${kind}`)
  return config
}

function parseConfiguration({ resource }: Call, body: unknown): Record<string, unknown> {
  const config = body ?? {}
  if (!isRecord(config)) throw badRequest(notAnObject(config))
  if (isRecord(config['metadata']) && Array.isArray(config['metadata']['managedFields'])) {
    throw badRequest('metadata.managedFields must be nil')
  }
  const { kind, apiVersion } = { kind: stringAt(config, 'kind'), apiVersion: stringAt(config, 'apiVersion') }
  if (kind === resource.kind && apiVersion === resource.apiVersion) return config
  const version = apiVersion?.includes('/') ? apiVersion : `/${apiVersion ?? ''}`
  throw badRequest(`invalid object type: ${version}, Kind=${kind ?? ''}`)
}

function notAnObject(config: unknown): string {
  const type = Array.isArray(config) ? 'array' : typeof config
  const why = `json: cannot unmarshal ${type} into Go value of type map[string]interface {}`
  return `error decoding YAML: error unmarshaling JSON: while decoding JSON: ${why}`
}

function applyTo(call: Call, live: ApiObject | undefined, config: Record<string, unknown>): Applied {
  const { resource, path, query, cluster } = call
  const schema = ownedShape(call)
  const now = timestamp(cluster.clock())
  const application: Application = {
    live: live ? withoutManagers(live) : { apiVersion: resource.apiVersion, kind: resource.kind, metadata: {} },
    config,
    schema,
    managers: live ? managersOf(call, live, now) : [],
    self: writerOf(call, 'Apply'),
    force: isForced(query),
    ignored: resetFields(resource, path.subresource),
    now,
  }
  return live ? applyOver(application, live) : applyConfiguration(application)
}

/** Goes on where all the conflicts are with the manager's own past. */
function applyOver(application: Application, live: ApiObject): Applied {
  try {
    return applyConfiguration(application)
  } catch (error) {
    if (!(error instanceof ApplyConflict)) throw error
    const left = foreignConflicts(error.conflicts, live, application.self.manager, application.schema)
    if (left.length > 0) throw new ApplyConflict(left)
    return applyConfiguration({ ...application, force: true })
  }
}

const BEFORE_FIRST_APPLY = 'before-first-apply'

/** The managers of an object; what is in one that has none was written before anybody kept track. */
function managersOf(call: Call, live: ApiObject, now: string): readonly Manager[] {
  const managers = parseManagers(live.metadata.managedFields) ?? []
  if (managers.length > 0) return managers
  const { resource, path } = call
  const comparison = compare(emptyObject(resource), withoutManagers(live), ownedShape(call))
  const unknown = { ...writerOf(call, 'Update'), manager: BEFORE_FIRST_APPLY }
  return trackUpdate([], unknown, writtenPart(comparison, resetFields(resource, path.subresource)), now)
}
