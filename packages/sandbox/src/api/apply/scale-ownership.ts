import { timestamp } from '../cluster.ts'
import type { Call } from '../cluster.ts'
import type { ApiObject } from '../object.ts'
import { numberAt } from '../objects/fields.ts'
import type { Schema } from '../schema/schema.ts'
import { applyConfiguration } from './apply-configuration.ts'
import { compare } from './compare.ts'
import { difference, intersection, isEmpty, LEAF } from './field-set.ts'
import type { FieldSet } from './field-set.ts'
import { parseManagers, renderManagers } from './manager.ts'
import type { Manager, ManagerId } from './manager.ts'
import { writerOf } from './ownership.ts'
import type { ManagedFields, Ownership } from './ownership.ts'
import { disown, trackUpdate } from './track-update.ts'

const REPLICAS: FieldSet = { 'f:spec': { 'f:replicas': LEAF } }
const SCALE: Schema = {
  type: 'struct',
  fields: { spec: { type: 'struct', fields: { replicas: { type: 'integer' } } } },
}
const SCALE_VERSION = 'autoscaling/v1'

/**
 * The ownership after a write to `/scale`. Where nobody owned the number of replicas, nobody does: to the API server a scale
 * without managers is an object of a time before they were kept.
 */
export function ownershipOfScale(call: Call): Ownership {
  return (live, next) => {
    const managers = parseManagers(live?.metadata.managedFields) ?? []
    if (managers.every(({ fields }) => isEmpty(intersection(fields, REPLICAS)))) return live?.metadata.managedFields
    const self = scaler(call, 'Update', call.resource.apiVersion)
    const comparison = compare(scaleOf(live), scaleOf(next), SCALE)
    return renderManagers(withoutTime(trackUpdate(managers, self, comparison, timestamp(call.cluster.clock())), self))
  }
}

/**
 * The ownership after a number of replicas was applied to `/scale`.
 * @throws ApplyConflict where another manager owns it, without `force`.
 */
export function ownershipOfAppliedScale(call: Call, live: ApiObject, replicas: number, force: boolean): ManagedFields {
  const managers = parseManagers(live.metadata.managedFields) ?? []
  const self = scaler(call, 'Apply', SCALE_VERSION)
  const owners = managers.filter(({ fields }) => !isEmpty(intersection(fields, REPLICAS)))
  const applied = applyConfiguration({
    live: scaleOf(live),
    config: { spec: { replicas } },
    schema: SCALE,
    managers: owners.map((owner) => ({ ...owner, apiVersion: SCALE_VERSION, fields: REPLICAS })),
    self,
    force,
    ignored: LEAF,
    now: timestamp(call.cluster.clock()),
  })
  const kept = applied.managers.filter(({ fields }) => !isEmpty(fields))
  const rest = managers.map((manager) => (isAmong(manager, kept) ? manager : withoutReplicas(manager)))
  const known = rest.filter((manager) => !isAmong(manager, [self]))
  const applier: Manager = { ...self, apiVersion: call.resource.apiVersion, time: undefined, fields: REPLICAS }
  return renderManagers([...known, applier])
}

function isAmong(manager: ManagerId, others: readonly ManagerId[]): boolean {
  return others.some(
    (other) =>
      other.manager === manager.manager &&
      other.operation === manager.operation &&
      other.subresource === manager.subresource,
  )
}

function withoutReplicas(manager: Manager): Manager {
  const [rest = manager] = disown([manager], REPLICAS)
  return rest
}

function scaler(call: Call, operation: ManagerId['operation'], apiVersion: string): ManagerId {
  return { ...writerOf(call, operation), apiVersion, subresource: 'scale' }
}

/** Kubernetes keeps no times of what was written to a scale. */
function withoutTime(managers: readonly Manager[], self: ManagerId): Manager[] {
  return managers.map((manager) =>
    isAmong(manager, [self]) && isEmpty(difference(manager.fields, REPLICAS))
      ? { ...manager, time: undefined }
      : manager,
  )
}

function scaleOf(object: ApiObject | undefined): object {
  return { spec: { replicas: numberAt(object, 'spec', 'replicas') } }
}
