import type { ApiObject } from '../object.ts'
import { fieldAt, numberAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { forbidden, invalidValue, oneOf } from './cause.ts'
import { checkShare } from './number.ts'

const MAX_PRIORITY = 1_000_000_000
const SYSTEM = 'system-'
const SYSTEM_CLASSES = ['system-cluster-critical', 'system-node-critical']

export function validateDisruptionBudget(object: ApiObject): StatusCause[] {
  const minAvailable = fieldAt(object, 'spec', 'minAvailable')
  const maxUnavailable = fieldAt(object, 'spec', 'maxUnavailable')
  const both = {
    MinAvailable: minAvailable,
    Selector: fieldAt(object, 'spec', 'selector') ?? null,
    MaxUnavailable: maxUnavailable,
    UnhealthyPodEvictionPolicy: fieldAt(object, 'spec', 'unhealthyPodEvictionPolicy') ?? null,
  }
  const isDouble = minAvailable !== undefined && maxUnavailable !== undefined
  return [
    ...(isDouble ? [invalidValue('spec', both, 'minAvailable and maxUnavailable cannot be both set')] : []),
    ...checkShare('spec.minAvailable', minAvailable, 100),
    ...checkShare('spec.maxUnavailable', maxUnavailable, 100),
  ]
}

export function validatePriorityClass(object: ApiObject): StatusCause[] {
  const { name } = object.metadata
  const policy = fieldAt(object, 'preemptionPolicy')
  return [
    ...(name.startsWith(SYSTEM) ? checkSystemName(name) : checkPriority(numberAt(object, 'value') ?? 0)),
    ...oneOf('preemptionPolicy', policy, ['PreemptLowerPriority', 'Never']),
  ]
}

function checkSystemName(name: string): StatusCause[] {
  if (SYSTEM_CLASSES.includes(name)) return []
  const why = `priority class names with '${SYSTEM}' prefix are reserved for system use only. error: ${name} is not a known system priority class`
  return [forbidden('metadata.name', why)]
}

function checkPriority(value: number): StatusCause[] {
  const why = `maximum allowed value of a user defined priority is ${MAX_PRIORITY}`
  return value > MAX_PRIORITY ? [forbidden('value', why)] : []
}
