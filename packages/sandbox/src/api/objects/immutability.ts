import { isDeepStrictEqual } from 'node:util'
import type { ApiObject } from '../object.ts'
import type { StatusCause } from '../status.ts'
import { fieldAt, isRecord, listAt, stringAt } from './fields.ts'
import { compareAmounts } from './quantity.ts'

/** Fields that keep the value they were created with, by version and kind: a custom kind may have any name. */
const FIXED: Readonly<Record<string, readonly string[]>> = {
  'apiextensions.k8s.io/v1/CustomResourceDefinition': [
    'spec.group',
    'spec.names.kind',
    'spec.names.plural',
    'spec.scope',
  ],
  'apps/v1/DaemonSet': ['spec.selector'],
  'apps/v1/Deployment': ['spec.selector'],
  'apps/v1/ReplicaSet': ['spec.selector'],
  'batch/v1/Job': ['spec.completions', 'spec.completionMode', 'spec.selector', 'spec.podFailurePolicy'],
  'networking.k8s.io/v1/IngressClass': ['spec.controller'],
  'scheduling.k8s.io/v1/PriorityClass': ['preemptionPolicy'],
  'v1/ResourceQuota': ['spec.scopes'],
  'v1/Secret': ['type'],
  'storage.k8s.io/v1/StorageClass': ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'],
}

function idOf({ apiVersion, kind }: ApiObject): string {
  return `${apiVersion}/${kind}`
}

function fixed(field: string, value: unknown): StatusCause {
  return {
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${JSON.stringify(value ?? null)}: field is immutable`,
    field,
  }
}

function fixedFields(object: ApiObject, existing: ApiObject): StatusCause[] {
  return (FIXED[idOf(object)] ?? []).flatMap((field) => {
    const path = field.split('.')
    const value = fieldAt(object, ...path)
    return isDeepStrictEqual(value, fieldAt(existing, ...path)) ? [] : [fixed(field, value)]
  })
}

/** A ConfigMap or Secret with `immutable: true` keeps its data and stays so. */
function sealed(object: ApiObject, existing: ApiObject): StatusCause[] {
  if (existing['immutable'] !== true) return []
  const kept = (field: string): boolean => isDeepStrictEqual(object[field] ?? {}, existing[field] ?? {})
  const broken = [
    ...(object['immutable'] === true ? [] : ['immutable']),
    ...['data', 'binaryData'].filter((field) => !kept(field)),
  ]
  const message = 'Forbidden: field is immutable when `immutable` is set'
  return broken.map((field) => ({ reason: 'FieldValueForbidden', message, field }))
}

/** A pod's spec without what may change: images, tolerations, a deadline, and the node of a pod that has none yet. */
function fixedPodSpec(object: ApiObject, existing: ApiObject): unknown {
  const { spec } = object
  if (!isRecord(spec)) return spec
  const withoutImage = (container: unknown): unknown => (isRecord(container) ? { ...container, image: '' } : container)
  return {
    ...spec,
    activeDeadlineSeconds: undefined,
    tolerations: undefined,
    schedulingGates: undefined,
    terminationGracePeriodSeconds: undefined,
    // The sandbox's scheduler binds with a patch of this field, where kube-scheduler posts a Binding.
    nodeName: stringAt(existing, 'spec', 'nodeName') ? spec['nodeName'] : undefined,
    containers: listAt(spec, 'containers').map((container) => withoutImage(container)),
    initContainers: listAt(spec, 'initContainers').map((container) => withoutImage(container)),
  }
}

function podSpec(object: ApiObject, existing: ApiObject): StatusCause[] {
  if (isDeepStrictEqual(fixedPodSpec(object, existing), fixedPodSpec(existing, existing))) return []
  const allowed =
    '`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'
  const message = `Forbidden: pod updates may not change fields other than ${allowed}`
  return [{ reason: 'FieldValueForbidden', message, field: 'spec' }]
}

/** A claim's spec without what may change: the size it asks for, and the volume and class of a claim that has none yet. */
function fixedClaimSpec(object: ApiObject, existing: ApiObject): unknown {
  const { spec } = object
  if (!isRecord(spec)) return spec
  const unset = (field: string): boolean => !stringAt(existing, 'spec', field)
  return {
    ...spec,
    resources: undefined,
    volumeAttributesClassName: undefined,
    volumeName: unset('volumeName') ? undefined : spec['volumeName'],
    storageClassName: unset('storageClassName') ? undefined : spec['storageClassName'],
  }
}

function claimSpec(object: ApiObject, existing: ApiObject): StatusCause[] {
  const message =
    'Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
  const isSame = isDeepStrictEqual(fixedClaimSpec(object, existing), fixedClaimSpec(existing, existing))
  const [size, before] = [sizeOf(object), sizeOf(existing)]
  const isBound = stringAt(existing, 'status', 'phase') === 'Bound'
  if (!isSame || (!isBound && size !== before)) return [{ reason: 'FieldValueForbidden', message, field: 'spec' }]
  const capacity = stringAt(existing, 'status', 'capacity', 'storage')
  const isTooSmall = compareAmounts(size, before) < 0 && compareAmounts(size, capacity ?? '0') <= 0
  if (!isTooSmall) return []
  const field = 'spec.resources.requests.storage'
  return [{ reason: 'FieldValueForbidden', message: 'Forbidden: field can not be less than status.capacity', field }]
}

function sizeOf(claim: ApiObject): string | undefined {
  return stringAt(claim, 'spec', 'resources', 'requests', 'storage')
}

/** A Job's pods are what they are; only where they may run can change, and only until the first of them starts. */
function jobTemplate(object: ApiObject, existing: ApiObject): StatusCause[] {
  const mayMove = fieldAt(existing, 'spec', 'suspend') === true && !stringAt(existing, 'status', 'startTime')
  const kept = ({ spec }: ApiObject): unknown => {
    const template = fieldAt(spec, 'template')
    if (!mayMove || !isRecord(template)) return template
    const {
      nodeSelector: _nodes,
      affinity: _affinity,
      tolerations: _tolerations,
      schedulingGates: _gates,
      ...rest
    } = recordOf(template['spec'])
    return { ...template, metadata: undefined, spec: rest }
  }
  if (isDeepStrictEqual(kept(object), kept(existing))) return []
  return [fixed('spec.template', fieldAt(object, 'spec', 'template'))]
}

/** The fields of a StatefulSet's spec that may change, and how the message lists them. */
const FREE_FIELDS = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
]
const FREE_FIELDS_TEXT = `${FREE_FIELDS.slice(0, -1)
  .map((field) => `'${field}'`)
  .join(', ')} and '${FREE_FIELDS.at(-1)}'`

function statefulSpec({ spec }: ApiObject, existing: ApiObject): StatusCause[] {
  const kept = (of: unknown) =>
    Object.fromEntries(Object.entries(recordOf(of)).filter(([field]) => !FREE_FIELDS.includes(field)))
  if (isDeepStrictEqual(kept(spec), kept(existing['spec']))) return []
  const message = `Forbidden: updates to statefulset spec for fields other than ${FREE_FIELDS_TEXT} are forbidden`
  return [{ reason: 'FieldValueForbidden', message, field: 'spec' }]
}

function priority(object: ApiObject, existing: ApiObject): StatusCause[] {
  if (object['value'] === existing['value']) return []
  return [{ reason: 'FieldValueForbidden', message: 'Forbidden: may not be changed in an update.', field: 'value' }]
}

function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}

function serviceAddress(object: ApiObject, existing: ApiObject): StatusCause[] {
  const before = stringAt(existing, 'spec', 'clusterIP')
  const after = fieldAt(object, 'spec', 'clusterIP')
  if (!before || after === before || fieldAt(object, 'spec', 'type') === 'ExternalName') return []
  const message = `Invalid value: ${JSON.stringify([after])}: may not change once set`
  return [{ reason: 'FieldValueInvalid', message, field: 'spec.clusterIPs[0]' }]
}

/** A binding to another role is another binding. The message quotes the reference as Go's struct. */
function roleRef(object: ApiObject, existing: ApiObject): StatusCause[] {
  const reference = object['roleRef']
  if (isDeepStrictEqual(reference, existing['roleRef'])) return []
  const [APIGroup, Kind, Name] = ['apiGroup', 'kind', 'name'].map((field) => stringAt(reference, field) ?? '')
  const value = JSON.stringify({ APIGroup, Kind, Name })
  return [{ reason: 'FieldValueInvalid', message: `Invalid value: ${value}: cannot change roleRef`, field: 'roleRef' }]
}

/** What a change may not change, as the causes of a 422. */
export function forbiddenChanges(object: ApiObject, existing: ApiObject): StatusCause[] {
  switch (idOf(object)) {
    case 'v1/Pod':
      return podSpec(object, existing)
    case 'v1/PersistentVolumeClaim':
      return claimSpec(object, existing)
    case 'v1/Service':
      return serviceAddress(object, existing)
    case 'rbac.authorization.k8s.io/v1/ClusterRoleBinding':
    case 'rbac.authorization.k8s.io/v1/RoleBinding':
      return roleRef(object, existing)
    case 'batch/v1/Job':
      return [...fixedFields(object, existing), ...jobTemplate(object, existing)]
    case 'apps/v1/StatefulSet':
      return statefulSpec(object, existing)
    case 'scheduling.k8s.io/v1/PriorityClass':
      return [...priority(object, existing), ...fixedFields(object, existing)]
    case 'v1/ConfigMap':
    case 'v1/Secret':
      return [...sealed(object, existing), ...fixedFields(object, existing)]
    default:
      return fixedFields(object, existing)
  }
}
