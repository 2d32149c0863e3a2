import type { ApiObject } from '../object.ts'
import { fieldAt, listAt, stringAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { invalidValue, oneOf, required } from './cause.ts'
import { validateStoredVersions, validateVersions } from './definition-version.ts'
import { checkKind, checkName, dns1035Label } from './names.ts'

const SCOPES = ['Cluster', 'Namespaced']
const APPROVAL = 'api-approved.kubernetes.io'

const NONE_STORED = invalidValue('status.storedVersions', null, 'must have at least one stored version')

/**
 * What makes a definition's kinds reachable, and keeps them apart from the built-in ones: its objects are stored under its
 * name. Its schemas must be structural.
 */
export function validateDefinition(object: ApiObject): StatusCause[] {
  const group = stringAt(object, 'spec', 'group') ?? ''
  const plural = stringAt(object, 'spec', 'names', 'plural') ?? ''
  const versions = listAt(object, 'spec', 'versions')
  return [
    ...checkPlace(object.metadata.name, plural, group),
    ...checkGroup(group),
    ...checkApproval(object, group),
    ...checkScope(fieldAt(object, 'spec', 'scope')),
    ...checkVersions(fieldAt(object, 'spec', 'versions')),
    ...checkNames(fieldAt(object, 'spec', 'names')),
    ...checkPreserving(fieldAt(object, 'spec', 'preserveUnknownFields')),
    ...validateVersions(versions),
    ...(versions.length > 0 ? validateStoredVersions(object['status'], versions) : [NONE_STORED]),
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

/** The groups of Kubernetes itself want a word from its reviewers. */
function checkApproval({ metadata }: ApiObject, group: string): StatusCause[] {
  if (!/(^|\.)(?:k8s|kubernetes)\.io$/.test(group) || metadata.annotations?.[APPROVAL]) return []
  const where = 'see https://github.com/kubernetes/enhancements/pull/1111'
  const why = `protected groups must have approval annotation "${APPROVAL}", ${where}`
  return [required(`metadata.annotations[${APPROVAL}]`, why)]
}

function checkScope(scope: unknown): StatusCause[] {
  return scope === undefined || scope === '' ? [required('spec.scope')] : oneOf('spec.scope', scope, SCOPES)
}

function checkVersions(sent: unknown): StatusCause[] {
  const versions: readonly unknown[] = Array.isArray(sent) ? sent : []
  const names = versions.map((version) => stringAt(version, 'name'))
  const stored = versions.filter((version) => fieldAt(version, 'storage') === true)
  const field = 'spec.versions'
  const one = 'must have exactly one version marked as storage version'
  const shown = sent === undefined ? null : names
  return [
    ...names.flatMap((name, index) => checkName(`${field}[${index}].name`, name, dns1035Label)),
    ...(new Set(names).size < names.length ? [invalidValue(field, names, 'must contain unique version names')] : []),
    ...(stored.length === 1 ? [] : [invalidValue(field, shown, one)]),
  ]
}

/** A switch of the first version of this API, for which schemas have one of their own. */
function checkPreserving(preserving: unknown): StatusCause[] {
  const instead = 'set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'
  const why = `cannot set to true, ${instead}`
  return preserving === true ? [invalidValue('spec.preserveUnknownFields', true, why)] : []
}

function checkNames(names: unknown): StatusCause[] {
  const kind = stringAt(names, 'kind') ?? ''
  const listKind = stringAt(names, 'listKind') ?? ''
  const field = 'spec.names'
  const others = ['shortNames', 'categories'].flatMap((list) => {
    return listAt(names, list).flatMap((name, index) => checkName(`${field}.${list}[${index}]`, name, dns1035Label))
  })
  return [
    ...checkName(`${field}.plural`, stringAt(names, 'plural'), dns1035Label),
    ...checkName(`${field}.singular`, stringAt(names, 'singular'), dns1035Label),
    ...(kind === '' ? [required(`${field}.kind`)] : checkKind(`${field}.kind`, kind)),
    ...(listKind === '' ? [required(`${field}.listKind`)] : checkKind(`${field}.listKind`, listKind)),
    ...others,
    ...(kind !== '' && kind === listKind
      ? [invalidValue(`${field}.listKind`, listKind, 'kind and listKind may not be the same')]
      : []),
  ]
}
