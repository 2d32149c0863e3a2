import { ownershipOfAppliedScale, ownershipOfScale } from '../apply/scale-ownership.ts'
import type { Ownership } from '../apply/ownership.ts'
import type { Call } from '../cluster.ts'
import { invalid } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { isRecord, numberAt, recordAt, stringAt, fieldAt } from '../objects/fields.ts'
import { present } from '../objects/present.ts'
import { patchOf } from './patch.ts'
import { changeObject, requireObject } from './update.ts'
import { isForced } from './write-options.ts'

const SCALE = { group: 'autoscaling', plural: 'scales', kind: 'Scale' }

/** `/scale` of an object: its wished and its present number of replicas, whatever kind it is. */
export function readScale(call: Call): ApiObject {
  return scaleOf(requireObject(call))
}

/** PUT of `/scale`: changes `spec.replicas` of the object. */
export function replaceScale(call: Call, body: unknown): ApiObject {
  const replicas = numberAt(body, 'spec', 'replicas') ?? 0
  const version = stringAt(body, 'metadata', 'resourceVersion')
  return setReplicas(call, replicas, version)
}

/** PATCH of `/scale`. */
export function patchScale(call: Call, patch: unknown, contentType: string): ApiObject {
  const apply = patchOf(contentType)
  const after = apply(scaleOf(requireObject(call)), patch)
  const version = after.metadata.resourceVersion
  return setReplicas(call, numberAt(after, 'spec', 'replicas') ?? 0, version)
}

/** PATCH of `/scale` with a configuration. */
export function applyScale(call: Call, body: unknown): ApiObject {
  const replicas = numberAt(body, 'spec', 'replicas') ?? 0
  const version = stringAt(body, 'metadata', 'resourceVersion')
  const force = isForced(call.query)
  const ownership: Ownership = (live) => live && ownershipOfAppliedScale(call, live, replicas, force)
  return setReplicas(call, replicas, version, ownership)
}

function setReplicas(
  call: Call,
  replicas: number,
  version: string | undefined,
  ownership: Ownership = ownershipOfScale(call),
): ApiObject {
  if (replicas < 0) {
    const message = `Invalid value: ${replicas}: must be greater than or equal to 0`
    throw invalid(SCALE, call.path.name, [{ reason: 'FieldValueInvalid', message, field: 'spec.replicas' }])
  }
  const existing = requireObject(call)
  const wanted = structuredClone(present(existing, call.resource))
  recordAt(wanted, 'spec')['replicas'] = replicas
  if (version !== undefined) wanted.metadata.resourceVersion = version
  return scaleOf(changeObject({ ...call, path: { ...call.path, subresource: '' } }, existing, wanted, ownership))
}

function scaleOf(object: ApiObject): ApiObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const kept = { namespace, uid, resourceVersion, creationTimestamp }
  const metadata = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined))
  const replicas = numberAt(object, 'spec', 'replicas') ?? 0
  const labels = fieldAt(object, 'spec', 'selector', 'matchLabels')
  const selector = isRecord(labels) ? Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`) : []
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, ...metadata },
    // Left out at 0, as Go leaves it out.
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: numberAt(object, 'status', 'replicas') ?? 0, selector: selector.join(',') },
  }
}
