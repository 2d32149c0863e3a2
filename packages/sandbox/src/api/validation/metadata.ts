import type { ApiObject } from '../object.ts'
import { fieldAt, listAt, stringAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { invalidValue, required, tooLong } from './cause.ts'
import { dns1035Label, faultsOf, label, labelValue, qualifiedNameFaults, subdomain } from './names.ts'
import type { NameForm } from './names.ts'

const MAX_ANNOTATIONS_BYTES = 256 * 1024
const EMPTY = 'must not be empty'
const RBAC = 'rbac.authorization.k8s.io/'

/** Finalizers without a domain, which only Kubernetes itself may use. */
const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion'])

export function validateMetadata(object: ApiObject): StatusCause[] {
  const { labels = {}, annotations = {} } = object.metadata
  return [
    ...checkPrefix(object),
    ...checkObjectName(object),
    ...Object.entries(labels).flatMap(([key, value]) => checkLabel('metadata.labels', key, value)),
    ...checkAnnotations(annotations),
    ...listAt(object.metadata, 'finalizers').flatMap((finalizer, index) => checkFinalizer(object, index, finalizer)),
    ...checkOwners(object),
  ]
}

/** One label of an object, a template or a selector. */
export function checkLabel(field: string, key: string, value: unknown): StatusCause[] {
  const valueFaults = typeof value === 'string' ? faultsOf(value, labelValue) : ['must be a string']
  return [
    ...qualifiedNameFaults(key).map((fault) => invalidValue(field, key, fault)),
    ...valueFaults.map((fault) => invalidValue(field, value, fault)),
  ]
}

/** The prefix a name was made of: as a name, but for the dash at its end. */
function checkPrefix(object: ApiObject): StatusCause[] {
  const { generateName = '' } = object.metadata
  if (generateName === '' || object.apiVersion.startsWith(RBAC)) return []
  const masked = generateName.length > 1 ? generateName.replace(/-$/, 'a') : generateName
  return faultsOf(masked, nameForm(object)).map((fault) => invalidValue('metadata.generateName', generateName, fault))
}

function checkObjectName(object: ApiObject): StatusCause[] {
  const { name } = object.metadata
  const field = 'metadata.name'
  if (name === '') return [required(field, 'name or generateName is required')]
  if (object.apiVersion.startsWith(RBAC)) return checkPathSegment(field, name)
  if (object.kind === 'Namespace' && object.apiVersion === 'v1' && name.includes('.')) {
    return [invalidValue(field, name, 'must not contain dots')]
  }
  return faultsOf(name, nameForm(object)).map((fault) => invalidValue(field, name, fault))
}

function nameForm({ apiVersion, kind }: ApiObject): NameForm {
  if (apiVersion !== 'v1') return subdomain
  if (kind === 'Namespace') return label
  return kind === 'Service' ? dns1035Label : subdomain
}

/** Names of roles may hold anything that can stand between two slashes of a URL: `system:controller:x`. */
function checkPathSegment(field: string, name: string): StatusCause[] {
  if (name === '.' || name === '..') return [invalidValue(field, name, `may not be '${name}'`)]
  return ['/', '%']
    .filter((char) => name.includes(char))
    .map((char) => invalidValue(field, name, `may not contain '${char}'`))
}

function checkAnnotations(annotations: Record<string, string>): StatusCause[] {
  const field = 'metadata.annotations'
  const size = Object.entries(annotations).reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0)
  return [
    ...Object.keys(annotations).flatMap((key) => {
      return qualifiedNameFaults(key.toLowerCase()).map((fault) => invalidValue(field, key, fault))
    }),
    ...(size > MAX_ANNOTATIONS_BYTES ? [tooLong(field, MAX_ANNOTATIONS_BYTES)] : []),
  ]
}

function byteLength(text: unknown): number {
  return typeof text === 'string' ? Buffer.byteLength(text) : 0
}

/** Kinds of Kubernetes' own groups: those have no domain, or one of `k8s.io`. */
function isBuiltIn({ apiVersion }: ApiObject): boolean {
  const [group = '', version] = apiVersion.split('/')
  return version === undefined || !group.includes('.') || group.endsWith('.k8s.io')
}

function checkFinalizer(object: ApiObject, index: number, finalizer: unknown): StatusCause[] {
  const field = `metadata.finalizers[${index}]`
  if (typeof finalizer !== 'string') return [invalidValue(field, finalizer, 'must be a string')]
  const faults = qualifiedNameFaults(finalizer).map((fault) => invalidValue('metadata.finalizers', finalizer, fault))
  if (faults.length > 0 || finalizer.includes('/') || STANDARD_FINALIZERS.has(finalizer)) return faults
  // For custom kinds a domain is only advice: KServe's own finalizer, `inferenceservice.finalizers`, has none.
  if (!isBuiltIn(object)) return []
  return [invalidValue(field, finalizer, 'name is neither a standard finalizer name nor is it fully qualified')]
}

function checkOwners({ metadata }: ApiObject): StatusCause[] {
  const field = 'metadata.ownerReferences'
  const owners = listAt(metadata, 'ownerReferences')
  const controllers = owners.filter((owner) => fieldAt(owner, 'controller') === true)
  const [first, second] = controllers.map((owner) => `${stringAt(owner, 'kind')}/${stringAt(owner, 'name')}`)
  const twoMasters = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${second}`
  return [
    ...owners.flatMap((owner) => checkOwner(field, owner)),
    ...(second === undefined ? [] : [invalidValue(field, owners, twoMasters)]),
  ]
}

function checkOwner(field: string, owner: unknown): StatusCause[] {
  const faults = { apiVersion: 'version must not be empty', kind: EMPTY, name: EMPTY, uid: EMPTY }
  return Object.entries(faults).flatMap(([key, fault]) => {
    return stringAt(owner, key) ? [] : [invalidValue(`${field}.${key}`, '', fault)]
  })
}
