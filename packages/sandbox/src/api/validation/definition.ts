import type { ApiObject } from '../object.ts'
import { fieldAt, listAt, stringAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { invalidValue, oneOf, required } from './cause.ts'
import { checkName, dns1035Label } from './names.ts'

const SCOPES = ['Cluster', 'Namespaced']

/**
 * What makes a definition's kinds reachable, and keeps them apart from the built-in ones: its objects are stored under its
 * name. The schemas are not looked at.
 */
export function validateDefinition(object: ApiObject): StatusCause[] {
  const group = stringAt(object, 'spec', 'group') ?? ''
  const plural = stringAt(object, 'spec', 'names', 'plural') ?? ''
  return [
    ...checkPlace(object.metadata.name, plural, group),
    ...checkGroup(group),
    ...oneOf('spec.scope', fieldAt(object, 'spec', 'scope'), SCOPES),
    ...checkVersions(listAt(object, 'spec', 'versions')),
    ...checkName('spec.names.plural', plural, dns1035Label),
    ...checkKind(stringAt(object, 'spec', 'names', 'kind') ?? ''),
  ]
}

function checkPlace(name: string, plural: string, group: string): StatusCause[] {
  if (name === `${plural}.${group}`) return []
  return [invalidValue('metadata.name', name, 'must be spec.names.plural+"."+spec.group')]
}

function checkGroup(group: string): StatusCause[] {
  if (group === '') return [required('spec.group')]
  return group.includes('.') ? [] : [invalidValue('spec.group', group, 'should be a domain with at least one dot')]
}

function checkVersions(versions: readonly unknown[]): StatusCause[] {
  const names = versions.map((version) => stringAt(version, 'name'))
  const stored = versions.filter((version) => fieldAt(version, 'storage') === true)
  const field = 'spec.versions'
  const one = 'must have exactly one version marked as storage version'
  return [
    ...names.flatMap((name, index) => checkName(`${field}[${index}].name`, name, dns1035Label)),
    ...(new Set(names).size < names.length ? [invalidValue(field, names, 'must contain unique version names')] : []),
    ...(stored.length === 1 ? [] : [invalidValue(field, names, one)]),
  ]
}

/** A kind is a label, in CamelCase. */
function checkKind(kind: string): StatusCause[] {
  return checkName('spec.names.kind', kind.toLowerCase(), dns1035Label)
}
