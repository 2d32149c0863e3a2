import { badRequest } from '../errors.ts'
import type { ApiObject } from '../object.ts'
import type { Resource } from '../resources/resource.ts'
import { fieldAt } from './fields.ts'

/** The fields that kube-apiserver lets a list of each kind be selected by, besides name and namespace. */
const SELECTABLE: Readonly<Record<string, readonly string[]>> = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  events: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  secrets: ['type'],
  namespaces: ['status.phase'],
  nodes: ['spec.unschedulable'],
  services: ['spec.clusterIP', 'spec.type'],
  'replicasets.apps': ['status.replicas'],
}

/** Fields that stand elsewhere in the object than their selector says. */
const PLACES: Readonly<Record<string, readonly string[]>> = { source: ['source', 'component'] }

function textAt(object: ApiObject, field: string): string {
  const value = fieldAt(object, ...(PLACES[field] ?? field.split('.')))
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  // A flag that is left out is false, and a selector says so: `spec.unschedulable=false`.
  return field === 'spec.unschedulable' || field === 'spec.hostNetwork' ? 'false' : ''
}

/**
 * Reads a field selector, `metadata.name=llama,status.phase!=Running`; an empty one matches everything.
 * @throws StatusError 400 where a field cannot be selected by.
 */
export function parseFieldSelector(selector: string, resource: Resource): (object: ApiObject) => boolean {
  if (selector.trim() === '') return () => true
  const own = SELECTABLE[resource.storageKey]
  const allowed = new Set(['metadata.name', ...(resource.namespaced ? ['metadata.namespace'] : []), ...(own ?? [])])
  const refusal =
    own || resource.custom ? (field: string) => `field label not supported: ${field}` : unknownField(allowed)
  const requirements = selector.split(',').map((term) => requirement(term, allowed, refusal))
  return (object) => requirements.every((matches) => matches(object))
}

/** How kinds without selectable fields of their own refuse one. */
function unknownField(allowed: ReadonlySet<string>): (field: string) => string {
  const listed = [...allowed].map((field) => `"${field}"`).join(', ')
  return (field) => `"${field}" is not a known field selector: only ${listed}`
}

function requirement(
  term: string,
  allowed: ReadonlySet<string>,
  refusal: (field: string) => string,
): (object: ApiObject) => boolean {
  // Spaces are trimmed outside the pattern: inside, a long run of them would keep the server busy for minutes.
  const match = /^([^=!]+)(==|=|!=)(.*)$/s.exec(term)
  if (!match) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`)
  const [, left = '', operator, right = ''] = match
  const [field, value] = [left.trim(), right.trim()]
  if (!allowed.has(field)) throw badRequest(refusal(field))
  const wanted = operator !== '!='
  return (object) => (textAt(object, field) === value) === wanted
}
