import type { ApiObject } from '../object.ts'
import { fieldAt, isRecord, listAt, stringAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { forbidden, invalidValue, oneOf, required } from './cause.ts'
import { checkLabel } from './metadata.ts'
import { validatePodSpec } from './pod.ts'

const TEMPLATE_LABELS = 'spec.template.metadata.labels'

export function validateDeployment(object: ApiObject): StatusCause[] {
  return [...validateReplicas(object, 'deployment'), ...checkStrategy(object)]
}

export function validateReplicaSet(object: ApiObject): StatusCause[] {
  return validateReplicas(object, 'replicaset')
}

function validateReplicas(object: ApiObject, what: string): StatusCause[] {
  return [
    ...checkReplicas(fieldAt(object, 'spec', 'replicas')),
    ...checkSelector(object, what),
    ...checkTemplate(object),
  ]
}

function checkReplicas(replicas: unknown): StatusCause[] {
  const field = 'spec.replicas'
  if (typeof replicas !== 'number' || !Number.isInteger(replicas))
    return [invalidValue(field, replicas, 'must be an integer')]
  return replicas < 0 ? [invalidValue(field, replicas, 'must be greater than or equal to 0')] : []
}

/** The selector must find the pods of its own template, or the controller would make pods forever. */
function checkSelector(object: ApiObject, what: string): StatusCause[] {
  const selector = fieldAt(object, 'spec', 'selector')
  const labels = fieldAt(object, 'spec', 'template', 'metadata', 'labels') ?? null
  const mismatch = invalidValue(TEMPLATE_LABELS, labels, '`selector` does not match template `labels`')
  if (!isRecord(selector)) return [required('spec.selector'), mismatch]
  const wanted = Object.entries(fieldAt(selector, 'matchLabels') ?? {})
  const expressions = listAt(selector, 'matchExpressions')
  if (wanted.length === 0 && expressions.length === 0) {
    return [invalidValue('spec.selector', {}, `empty selector is invalid for ${what}`)]
  }
  const matches =
    wanted.every(([key, value]) => fieldAt(labels, key) === value) && expressions.every((one) => meets(labels, one))
  return matches ? [] : [mismatch]
}

function meets(labels: unknown, expression: unknown): boolean {
  const value = stringAt(labels, stringAt(expression, 'key') ?? '')
  const listed = value !== undefined && listAt(expression, 'values').includes(value)
  switch (stringAt(expression, 'operator') ?? '') {
    case 'In':
      return listed
    case 'NotIn':
      return !listed
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}

function checkTemplate(object: ApiObject): StatusCause[] {
  const labels = fieldAt(object, 'spec', 'template', 'metadata', 'labels')
  const spec = fieldAt(object, 'spec', 'template', 'spec')
  const restartPolicy = stringAt(spec, 'restartPolicy')
  const field = 'spec.template.spec'
  return [
    ...Object.entries(isRecord(labels) ? labels : {}).flatMap(([key, value]) =>
      checkLabel(TEMPLATE_LABELS, key, value),
    ),
    ...validatePodSpec(spec, field),
    ...oneOf(`${field}.restartPolicy`, restartPolicy, ['Always']),
  ]
}

function checkStrategy(object: ApiObject): StatusCause[] {
  const field = 'spec.strategy'
  const strategy = fieldAt(object, 'spec', 'strategy')
  const type = stringAt(strategy, 'type')
  const rolling = fieldAt(strategy, 'rollingUpdate')
  if (type === 'Recreate') {
    const detail = "may not be specified when strategy `type` is 'Recreate'"
    return rolling === undefined ? [] : [forbidden(`${field}.rollingUpdate`, detail)]
  }
  if (type !== 'RollingUpdate') return oneOf(`${field}.type`, type, ['Recreate', 'RollingUpdate'])
  const stuck = [fieldAt(rolling, 'maxSurge'), fieldAt(rolling, 'maxUnavailable')].every(
    (one) => one === 0 || one === '0%',
  )
  return stuck ? [invalidValue(`${field}.rollingUpdate.maxUnavailable`, 0, 'may not be 0 when `maxSurge` is 0')] : []
}
