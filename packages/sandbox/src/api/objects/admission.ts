import { isIP } from 'node:net'
import type { Call } from '../cluster.ts'
import { forbidden, invalid, notFound } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import { applyLimitDefaults } from '../quota/limit-range.ts'
import type { Resource } from '../resources/resource.ts'
import { acceptChange, completeDefinition, establishedStatus } from '../resources/custom.ts'
import { timestamp } from '../cluster.ts'
import { allocateClusterAddress, isClusterAddress } from './cluster-address.ts'
import { isRecord, listAt, recordAt, stringAt } from './fields.ts'
import { admitJob, shareLabels } from './job-selector.ts'
import { qosClass } from './qos-class.ts'
import { admitServiceAccount } from './service-account-volume.ts'

const NAMESPACES = { group: '', plural: 'namespaces', kind: 'Namespace' }

/** Refuses new objects in a namespace that does not exist (404) or is going away (403). */
export function admitToNamespace({ cluster, resource, path }: Call, name: string): void {
  if (!resource.namespaced) return
  const namespace = cluster.store.get('namespaces', '', path.namespace)
  if (!namespace) throw notFound(NAMESPACES, path.namespace)
  if (namespace.metadata.deletionTimestamp === undefined) return
  const why = `unable to create new content in namespace ${path.namespace} because it is being terminated`
  throw forbidden(resource, name, why, [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${path.namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ])
}

/** What reading a new object makes of it, by kind: as if its creator had written it so. */
export function convertNew(object: ApiObject, { storageKey }: Resource): void {
  switch (storageKey) {
    case 'namespaces':
      return admitNamespaceLabel(object)
    case 'secrets':
      return mergeStringData(object)
    case 'jobs.batch':
      return shareLabels(object)
    case 'daemonsets.apps':
      object.metadata.annotations = { ...object.metadata.annotations, [TEMPLATE_GENERATION]: '1' }
      return
    case 'customresourcedefinitions.apiextensions.k8s.io':
      return completeDefinition(object)
    default:
  }
}

/** What the server itself adds to a new object before it is checked, by kind. */
export function admitNew(object: ApiObject, call: Call): void {
  switch (call.resource.storageKey) {
    case 'namespaces':
      return admitNamespace(object)
    case 'pods':
      return admitPod(object, call)
    case 'persistentvolumeclaims':
      return admitClaim(object, call)
    case 'services':
      return admitService(object, call)
    case 'jobs.batch':
      return admitJob(object)
    case 'customresourcedefinitions.apiextensions.k8s.io':
      return admitDefinition(object, call)
    default:
  }
}

/** What the server adds to a changed object. */
export function admitChanged(object: ApiObject, existing: ApiObject, { resource }: Call): void {
  if (resource.storageKey === 'secrets') mergeStringData(object)
  if (resource.storageKey === 'services') keepClusterAddress(object, existing)
  if (resource.storageKey === 'namespaces') admitNamespaceLabel(object)
  if (resource.storageKey === 'customresourcedefinitions.apiextensions.k8s.io') {
    completeDefinition(object)
    acceptChange(object)
  }
}

function admitNamespaceLabel({ metadata }: ApiObject): void {
  metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name }
}

function admitNamespace(object: ApiObject): void {
  recordAt(object, 'spec')['finalizers'] ??= ['kubernetes']
}

function admitPod(object: ApiObject, call: Call): void {
  const { cluster, path } = call
  applyLimitDefaults(object, call)
  const spec = recordAt(object, 'spec')
  spec['serviceAccountName'] ??= 'default'
  // The deprecated alias, which kube-apiserver still writes.
  spec['serviceAccount'] = spec['serviceAccountName']
  spec['priority'] ??= 0
  spec['preemptionPolicy'] ??= 'PreemptLowerPriority'
  admitServiceAccount(spec, { store: cluster.store, namespace: path.namespace })
  recordAt(object, 'status')['qosClass'] = qosClass(spec)
  if (listAt(spec, 'schedulingGates').length > 0) sayThatItIsGated(object)
}

/** A pod with gates says so from the first moment: no scheduler looks at it. */
function sayThatItIsGated(object: ApiObject): void {
  const said = { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }
  const message = 'Scheduling is blocked due to non-empty scheduling gates'
  recordAt(object, 'status')['conditions'] = [{ ...said, message, lastProbeTime: null, lastTransitionTime: null }]
}

/** Counts the templates of a DaemonSet; long deprecated, and still written. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation'

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class'

/** A claim that names no class gets the default one; a claim that names the empty class stays without. */
function admitClaim(object: ApiObject, { cluster }: Call): void {
  const spec = recordAt(object, 'spec')
  if (spec['storageClassName'] !== undefined) return
  const defaults = cluster.store
    .list('storageclasses.storage.k8s.io')
    .filter(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS] === 'true')
  const newest = defaults.reduce<ApiObject | undefined>((best, one) => (isNewer(one, best) ? one : best), undefined)
  if (newest) spec['storageClassName'] = newest.metadata.name
}

function isNewer(one: ApiObject, other: ApiObject | undefined): boolean {
  return (one.metadata.creationTimestamp ?? '') > (other?.metadata.creationTimestamp ?? '')
}

/** `stringData` is for writing only: it ends up, encoded, in `data`. */
function mergeStringData(object: ApiObject): void {
  const { stringData } = object
  delete object['stringData']
  if (!isRecord(stringData)) return
  // What is no string is left for the validation to refuse. Own properties only: a key named __proto__ is a key.
  const encoded = Object.entries(stringData).map(([key, value]): [string, unknown] => {
    return [key, typeof value === 'string' ? Buffer.from(value).toString('base64') : value]
  })
  object['data'] = Object.fromEntries([...Object.entries(recordAt(object, 'data')), ...encoded])
}

function admitService(object: ApiObject, call: Call): void {
  const spec = recordAt(object, 'spec')
  if (spec['type'] === 'ExternalName') return
  spec['clusterIP'] ||= spec['clusterIPs'] === undefined ? allocateClusterAddress(call.cluster.store) : 'None'
  const address = stringAt(spec, 'clusterIP') ?? 'None'
  const taken = address !== 'None' && call.cluster.store.list('services').some((one) => hasAddress(one, address))
  if (taken) throw addressRefused(object, address, 'provided IP is already allocated', call)
  if (isIP(address) !== 0 && !isClusterAddress(address)) {
    throw addressRefused(object, address, 'the provided network does not match the current range', call)
  }
  spec['clusterIPs'] = [address]
}

function hasAddress(service: ApiObject, address: string): boolean {
  return stringAt(service, 'spec', 'clusterIP') === address
}

function addressRefused({ metadata }: ApiObject, address: string, why: string, { resource }: Call): Error {
  const field = 'spec.clusterIPs'
  const message = `Invalid value: [${JSON.stringify(address)}]: failed to allocate IP ${address}: ${why}`
  return invalid(resource, metadata.name, [{ reason: 'FieldValueInvalid', message, field }])
}

/** A changed Service that does not say its address keeps the one it has. */
function keepClusterAddress(object: ApiObject, existing: ApiObject): void {
  const spec = recordAt(object, 'spec')
  if (spec['type'] === 'ExternalName') return
  const before = recordAt(existing, 'spec')
  spec['clusterIP'] ||= before['clusterIP']
  spec['clusterIPs'] ??= before['clusterIPs']
}

function admitDefinition(object: ApiObject, { cluster }: Call): void {
  object['status'] = establishedStatus(object, timestamp(cluster.clock()))
}
