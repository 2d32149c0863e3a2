import { fieldAt, isRecord, listAt, stringAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { forbidden, invalidValue, oneOf, required } from './cause.ts'
import { qualifiedNameFaults } from './names.ts'

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']
const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt']

/** Where a pod wants to run, and what it bears there. `field` is the pod's spec. */
export function validatePlacement(spec: unknown, field: string): StatusCause[] {
  const affinity = fieldAt(spec, 'affinity')
  return [
    ...checkNodeAffinity(`${field}.affinity.nodeAffinity.${REQUIRED}`, fieldAt(affinity, 'nodeAffinity', REQUIRED)),
    ...['podAffinity', 'podAntiAffinity'].flatMap((kind) =>
      listAt(affinity, kind, REQUIRED).flatMap((term, index) =>
        checkTopology(`${field}.affinity.${kind}.${REQUIRED}[${index}].topologyKey`, stringAt(term, 'topologyKey')),
      ),
    ),
    ...listAt(spec, 'tolerations').flatMap((toleration, index) =>
      checkToleration(`${field}.tolerations[${index}]`, toleration),
    ),
  ]
}

function checkNodeAffinity(field: string, selector: unknown): StatusCause[] {
  if (!isRecord(selector)) return []
  const terms = listAt(selector, 'nodeSelectorTerms')
  const at = `${field}.nodeSelectorTerms`
  if (terms.length === 0) return [required(at, 'must have at least one node selector term')]
  return terms.flatMap((term, index) =>
    listAt(term, 'matchExpressions').flatMap((expression, each) =>
      checkExpression(`${at}[${index}].matchExpressions[${each}]`, expression),
    ),
  )
}

function checkExpression(field: string, expression: unknown): StatusCause[] {
  const operator = stringAt(expression, 'operator') ?? ''
  const values = listAt(expression, 'values')
  if (!OPERATORS.includes(operator)) {
    return [invalidValue(`${field}.operator`, operator, 'not a valid selector operator')]
  }
  if (operator === 'Gt' || operator === 'Lt') {
    const one = "must be specified single value when `operator` is 'Lt' or 'Gt'"
    return values.length === 1 ? [] : [required(`${field}.values`, one)]
  }
  const takesValues = operator === 'In' || operator === 'NotIn'
  if (takesValues && values.length === 0) {
    return [required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'")]
  }
  const none = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
  return !takesValues && values.length > 0 ? [forbidden(`${field}.values`, none)] : []
}

function checkTopology(field: string, key = ''): StatusCause[] {
  return [
    ...(key === '' ? [required(field, 'can not be empty')] : []),
    ...(key === '' ? [invalidValue(field, key, 'name part must be non-empty')] : []),
    ...qualifiedNameFaults(key).map((fault) => invalidValue(field, key, fault)),
  ]
}

function checkToleration(field: string, toleration: unknown): StatusCause[] {
  const operator = stringAt(toleration, 'operator') || 'Equal'
  const value = stringAt(toleration, 'value') ?? ''
  const effect = stringAt(toleration, 'effect') ?? ''
  const matchAll = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
  const isForever = fieldAt(toleration, 'tolerationSeconds') === undefined || effect === 'NoExecute'
  const timed = "effect must be 'NoExecute' when `tolerationSeconds` is set"
  return [
    ...(!stringAt(toleration, 'key') && operator !== 'Exists'
      ? [invalidValue(`${field}.operator`, operator, matchAll)]
      : []),
    ...(isForever ? [] : [invalidValue(`${field}.effect`, effect, timed)]),
    ...(operator === 'Exists' && value !== ''
      ? [invalidValue(`${field}.operator`, value, "value must be empty when `operator` is 'Exists'")]
      : []),
    ...(effect === '' ? [] : oneOf(`${field}.effect`, effect, EFFECTS)),
  ]
}
