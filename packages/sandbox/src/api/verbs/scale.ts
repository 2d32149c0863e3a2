import { ownershipOfAppliedScale, ownershipOfScale } from '../apply/scale-ownership.ts'
import type { Ownership } from '../apply/ownership.ts'
import type { Call } from '../cluster.ts'
import { conflict, invalid } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { readObject, readPatched } from '../objects/field-validation.ts'
import { isRecord, numberAt, recordAt, fieldAt } from '../objects/fields.ts'
import { asGoText } from '../objects/go-text.ts'
import { present } from '../objects/present.ts'
import type { Resource } from '../resources/resource.ts'
import { readConfiguration } from './apply.ts'
import { patchOf } from './patch.ts'
import { changeObject, nameless, requireObject } from './update.ts'
import { isForced } from './write-options.ts'

const SCALE: Resource = {
  group: 'autoscaling',
  version: 'v1',
  apiVersion: 'autoscaling/v1',
  kind: 'Scale',
  listKind: 'ScaleList',
  plural: 'scales',
  singular: 'scale',
  namespaced: true,
  shortNames: [],
  categories: [],
  verbs: [],
  subresources: [],
  counted: false,
  custom: false,
  storageKey: 'scales.autoscaling',
  storageVersion: 'autoscaling/v1',
}

/** `/scale` of an object: its wished and its present number of replicas, whatever kind it is. */
export function readScale(call: Call): ApiObject {
  return scaleOf(requireObject(call))
}

/** PUT of `/scale`: changes `spec.replicas` of the object. */
export function replaceScale(call: Call, body: unknown): ApiObject {
  requireObject(call)
  return writeScale(call, readObject(asScale(call), body), ownershipOfScale(call))
}

/** PATCH of `/scale`. */
export function patchScale(call: Call, patch: unknown, contentType: string): ApiObject {
  const apply = patchOf(contentType)
  const patched = (): ApiObject => apply(scaleOf(requireObject(call)), patch)
  const isStrategic = contentType === 'application/strategic-merge-patch+json'
  const quote = (): string => (isStrategic ? asGoText(patch) : JSON.stringify(patched()))
  const scale = readPatched(asScale(call), patched(), quote, isStrategic)
  return writeScale(call, scale, ownershipOfScale(call))
}

/** PATCH of `/scale` with a configuration. */
export function applyScale(call: Call, body: unknown): ApiObject {
  requireObject(call)
  const config = readConfiguration(asScale(call), body)
  const scale = readPatched(asScale(call), config, () => JSON.stringify(config), false)
  // A configuration is merged into the scale there is, which has a name.
  scale.metadata.name ||= call.path.name
  const force = isForced(call.query)
  return writeScale(call, scale, (live) => live && ownershipOfAppliedScale(call, live, replicasOf(scale), force))
}

/** The same request for what it is about: a Scale. */
function asScale(call: Call): Call {
  return { ...call, resource: { ...SCALE, namespaced: call.resource.namespaced } }
}

function replicasOf(scale: ApiObject): number {
  return numberAt(scale, 'spec', 'replicas') ?? 0
}

function writeScale(call: Call, scale: ApiObject, ownership: Ownership): ApiObject {
  const { name, uid, resourceVersion } = scale.metadata
  const replicas = replicasOf(scale)
  const existing = requireObject(call)
  if (name === '') throw nameless(call.path.name)
  if (uid && uid !== existing.metadata.uid) throw otherUid(call, uid, existing)
  if (replicas < 0) {
    const message = `Invalid value: ${replicas}: must be greater than or equal to 0`
    throw invalid(SCALE, call.path.name, [{ reason: 'FieldValueInvalid', message, field: 'spec.replicas' }])
  }
  const wanted = structuredClone(present(existing, call.resource))
  recordAt(wanted, 'spec')['replicas'] = replicas
  if (resourceVersion !== undefined) wanted.metadata.resourceVersion = resourceVersion
  return scaleOf(changeObject({ ...call, path: { ...call.path, subresource: '' } }, existing, wanted, ownership))
}

function otherUid({ resource, path }: Call, uid: string, { metadata }: ApiObject): Error {
  const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`
  return conflict({ ...resource, plural: `${resource.plural}/scale` }, path.name, why)
}

function scaleOf(object: ApiObject): ApiObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const kept = { namespace, uid, resourceVersion, creationTimestamp }
  const metadata = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined))
  const replicas = numberAt(object, 'spec', 'replicas') ?? 0
  const labels = fieldAt(object, 'spec', 'selector', 'matchLabels')
  const selector = isRecord(labels) && {
    selector: Object.entries(labels)
      .map(([key, value]) => `${key}=${String(value)}`)
      .join(','),
  }
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, ...metadata },
    // Left out at 0, as Go leaves it out.
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: numberAt(object, 'status', 'replicas') ?? 0, ...selector },
  }
}
