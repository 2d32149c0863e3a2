import type { ApiObject } from '../object.ts'
import { fieldAt, isRecord, listAt, stringAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { invalidValue, oneOf, required } from './cause.ts'
import { faultsOf, subdomain } from './names.ts'

const GROUP = 'rbac.authorization.k8s.io'

export function validateRole(role: ApiObject): StatusCause[] {
  return listAt(role, 'rules').flatMap((rule, index) => checkRule(`rules[${index}]`, rule, true))
}

export function validateClusterRole(role: ApiObject): StatusCause[] {
  const aggregates = isRecord(role['aggregationRule'])
  const selectors = listAt(role, 'aggregationRule', 'clusterRoleSelectors')
  const why = 'at least one clusterRoleSelector required if aggregationRule is non-nil'
  return [
    ...listAt(role, 'rules').flatMap((rule, index) => checkRule(`rules[${index}]`, rule, false)),
    ...(aggregates && selectors.length === 0 ? [required('aggregationRule.clusterRoleSelectors', why)] : []),
  ]
}

function checkRule(field: string, rule: unknown, namespaced: boolean): StatusCause[] {
  const isEmpty = (key: string): boolean => listAt(rule, key).length === 0
  const missing = (key: string, why: string): StatusCause[] => (isEmpty(key) ? [required(`${field}.${key}`, why)] : [])
  const verbs = missing('verbs', 'verbs must contain at least one value')
  if (!isEmpty('nonResourceURLs')) return [...verbs, ...checkUrls(`${field}.nonResourceURLs`, rule, namespaced)]
  return [
    ...verbs,
    ...missing('apiGroups', 'resource rules must supply at least one api group'),
    ...missing('resources', 'resource rules must supply at least one resource'),
  ]
}

function checkUrls(field: string, rule: unknown, namespaced: boolean): StatusCause[] {
  const urls = fieldAt(rule, 'nonResourceURLs')
  const onResources = ['apiGroups', 'resources', 'resourceNames'].some((key) => listAt(rule, key).length > 0)
  return [
    ...(namespaced ? [invalidValue(field, urls, 'namespaced rules cannot apply to non-resource URLs')] : []),
    ...(onResources
      ? [invalidValue(field, urls, 'rules cannot apply to both regular resources and non-resource URLs')]
      : []),
  ]
}

export function validateRoleBinding(binding: ApiObject): StatusCause[] {
  return [
    ...checkRoleRef(binding, ['Role', 'ClusterRole']),
    ...listAt(binding, 'subjects').flatMap((subject, index) => checkSubject(`subjects[${index}]`, subject, true)),
  ]
}

export function validateClusterRoleBinding(binding: ApiObject): StatusCause[] {
  return [
    ...checkRoleRef(binding, ['ClusterRole']),
    ...listAt(binding, 'subjects').flatMap((subject, index) => checkSubject(`subjects[${index}]`, subject, false)),
  ]
}

function checkRoleRef({ roleRef }: ApiObject, kinds: readonly string[]): StatusCause[] {
  return [
    ...oneOf('roleRef.apiGroup', stringAt(roleRef, 'apiGroup') ?? '', [GROUP]),
    ...oneOf('roleRef.kind', stringAt(roleRef, 'kind') ?? '', kinds),
    ...(stringAt(roleRef, 'name') ? [] : [required('roleRef.name')]),
  ]
}

function checkSubject(field: string, subject: unknown, namespaced: boolean): StatusCause[] {
  const [kind = '', name = '', apiGroup = ''] = ['kind', 'name', 'apiGroup'].map((key) => stringAt(subject, key))
  const named = name === '' ? [required(`${field}.name`)] : []
  switch (kind) {
    case 'ServiceAccount':
      return [...named, ...checkServiceAccount(field, subject, namespaced)]
    case 'User':
    case 'Group':
      return [...named, ...oneOf(`${field}.apiGroup`, apiGroup, [GROUP])]
    default:
      return [...named, ...oneOf(`${field}.kind`, kind, ['ServiceAccount', 'User', 'Group'])]
  }
}

function checkServiceAccount(field: string, subject: unknown, namespaced: boolean): StatusCause[] {
  const [name = '', apiGroup = '', namespace = ''] = ['name', 'apiGroup', 'namespace'].map((key) =>
    stringAt(subject, key),
  )
  const faults = name === '' ? [] : faultsOf(name, subdomain)
  return [
    ...faults.map((fault) => invalidValue(`${field}.name`, name, fault)),
    ...oneOf(`${field}.apiGroup`, apiGroup, ['']),
    ...(namespaced || namespace !== '' ? [] : [required(`${field}.namespace`)]),
  ]
}
