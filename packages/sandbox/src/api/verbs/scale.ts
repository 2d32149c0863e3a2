import type { Call } from '../cluster.ts'
import { badRequest } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { isRecord, numberAt, recordAt, stringAt, fieldAt } from '../objects/fields.ts'
import { present } from '../objects/present.ts'
import { patchOf } from './patch.ts'
import { changeObject, requireObject } from './update.ts'

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

function setReplicas(call: Call, replicas: number, version: string | undefined): ApiObject {
  if (!Number.isInteger(replicas) || replicas < 0)
    throw badRequest('spec.replicas: must be a whole number of 0 or more')
  const existing = requireObject(call)
  const wanted = structuredClone(present(existing, call.resource))
  recordAt(wanted, 'spec')['replicas'] = replicas
  if (version !== undefined) wanted.metadata.resourceVersion = version
  return scaleOf(changeObject({ ...call, path: { ...call.path, subresource: '' } }, existing, wanted))
}

function scaleOf(object: ApiObject): ApiObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const kept = { namespace, uid, resourceVersion, creationTimestamp }
  const metadata = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined))
  const labels = fieldAt(object, 'spec', 'selector', 'matchLabels')
  const selector = isRecord(labels) ? Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`) : []
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, ...metadata },
    spec: { replicas: numberAt(object, 'spec', 'replicas') ?? 0 },
    status: { replicas: numberAt(object, 'status', 'replicas') ?? 0, selector: selector.join(',') },
  }
}
