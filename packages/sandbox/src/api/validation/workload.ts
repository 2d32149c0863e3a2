import type { ApiObject } from '../object.ts'
import { fieldAt, isRecord, listAt, numberAt, stringAt } from '../objects/fields.ts'
import { matchesLabelSelector } from '../objects/label-selector.ts'
import type { StatusCause } from '../status.ts'
import { forbidden, invalidValue, oneOf, required } from './cause.ts'
import { checkLabel } from './metadata.ts'
import { checkShare, notNegative } from './number.ts'
import { validatePodSpec } from './pod.ts'

export function validateDeployment(object: ApiObject): StatusCause[] {
  const { spec } = object
  const deadline = numberAt(spec, 'progressDeadlineSeconds') ?? Infinity
  const isShort = deadline <= (numberAt(spec, 'minReadySeconds') ?? 0)
  const field = 'spec.progressDeadlineSeconds'
  return [
    ...validateReplicas(object, 'deployment'),
    ...checkStrategy(object),
    ...notNegative(spec, 'spec.minReadySeconds'),
    ...notNegative(spec, 'spec.revisionHistoryLimit'),
    ...notNegative(spec, field),
    ...(isShort ? [invalidValue(field, deadline, 'must be greater than minReadySeconds')] : []),
  ]
}

export function validateReplicaSet(object: ApiObject): StatusCause[] {
  return [...validateReplicas(object, 'replicaset'), ...notNegative(object['spec'], 'spec.minReadySeconds')]
}

function validateReplicas(object: ApiObject, what: string): StatusCause[] {
  return [
    ...notNegative(object['spec'], 'spec.replicas'),
    ...checkSelector(object, what),
    ...checkLastingTemplate(object),
  ]
}

export function validateStatefulSet(object: ApiObject): StatusCause[] {
  const { spec } = object
  const order = fieldAt(spec, 'podManagementPolicy')
  const isKnown = order === 'OrderedReady' || order === 'Parallel'
  const unknown = invalidValue('spec.podManagementPolicy', order, "must be 'OrderedReady' or 'Parallel'")
  return [
    ...(isKnown ? [] : [unknown]),
    ...checkStatefulStrategy(fieldAt(spec, 'updateStrategy')),
    ...notNegative(spec, 'spec.replicas'),
    ...notNegative(spec, 'spec.minReadySeconds'),
    ...checkSelector(object, 'statefulset'),
    ...checkLastingTemplate(object),
  ]
}

export function validateDaemonSet(object: ApiObject): StatusCause[] {
  return [
    ...checkSelector(object, 'daemonset'),
    ...checkLastingTemplate(object),
    ...checkDaemonStrategy(fieldAt(object, 'spec', 'updateStrategy')),
  ]
}

/** The selector must find the pods of its own template, or the controller would make pods forever. */
function checkSelector(object: ApiObject, what: string): StatusCause[] {
  const selector = fieldAt(object, 'spec', 'selector')
  if (!isRecord(selector)) return [required('spec.selector'), mismatchOf(object)]
  const keys = Object.keys(fieldAt(selector, 'matchLabels') ?? {})
  if (keys.length === 0 && listAt(selector, 'matchExpressions').length === 0) {
    return [invalidValue('spec.selector', {}, `empty selector is invalid for ${what}`)]
  }
  const faults = operatorFaults(selector)
  return faults.length > 0 ? faults : selectorMismatch(object, selector)
}

const SELECTOR_OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist']

function operatorFaults(selector: Record<string, unknown>): StatusCause[] {
  const faults = listAt(selector, 'matchExpressions').flatMap((expression, index) => {
    const operator = stringAt(expression, 'operator') ?? ''
    if (SELECTOR_OPERATORS.includes(operator)) return []
    const field = `spec.selector.matchExpressions[${index}].operator`
    return [invalidValue(field, operator, 'not a valid selector operator')]
  })
  return faults.length === 0 ? [] : [...faults, invalidValue('spec.selector', selector, 'invalid label selector')]
}

/** A cause where a selector does not find the pods of the object's own template. */
export function selectorMismatch(object: ApiObject, selector: Record<string, unknown>): StatusCause[] {
  return matchesLabelSelector(selector, templateLabels(object)) ? [] : [mismatchOf(object)]
}

function templateLabels(object: ApiObject): unknown {
  return fieldAt(object, 'spec', 'template', 'metadata', 'labels') ?? null
}

function mismatchOf(object: ApiObject): StatusCause {
  const field = 'spec.template.metadata.labels'
  return invalidValue(field, templateLabels(object), '`selector` does not match template `labels`')
}

/** A template of pods that are started again whenever they end. */
function checkLastingTemplate(object: ApiObject): StatusCause[] {
  const template = fieldAt(object, 'spec', 'template')
  const restartPolicy = stringAt(template, 'spec', 'restartPolicy')
  return [
    ...checkTemplatePods('spec.template', template),
    ...oneOf('spec.template.spec.restartPolicy', restartPolicy, ['Always']),
  ]
}

/** Labels and spec of a pod template. */
export function checkTemplatePods(field: string, template: unknown): StatusCause[] {
  const labels = fieldAt(template, 'metadata', 'labels')
  return [
    ...Object.entries(isRecord(labels) ? labels : {}).flatMap(([key, value]) =>
      checkLabel(`${field}.labels`, key, value),
    ),
    ...validatePodSpec(fieldAt(template, 'spec'), `${field}.spec`),
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
  if (type !== 'RollingUpdate') {
    return oneOf(field, { Type: type, RollingUpdate: rolling ?? null }, ['Recreate', 'RollingUpdate'])
  }
  const [unavailable, surge] = [fieldAt(rolling, 'maxUnavailable'), fieldAt(rolling, 'maxSurge')]
  const isStuck = isNone(surge) && isNone(unavailable)
  const at = `${field}.rollingUpdate`
  return [
    ...checkShare(`${at}.maxUnavailable`, unavailable, 100),
    ...checkShare(`${at}.maxSurge`, surge),
    ...(isStuck ? [invalidValue(`${at}.maxUnavailable`, 0, 'may not be 0 when `maxSurge` is 0')] : []),
  ]
}

function isNone(share: unknown): boolean {
  return share === 0 || share === '0%'
}

function checkStatefulStrategy(strategy: unknown): StatusCause[] {
  const field = 'spec.updateStrategy'
  const type = fieldAt(strategy, 'type')
  const rolling = fieldAt(strategy, 'rollingUpdate')
  const partition = fieldAt(rolling, 'partition') ?? 0
  if (type === 'RollingUpdate') return notNegative(rolling, `${field}.rollingUpdate.partition`)
  if (type !== 'OnDelete') {
    return [invalidValue(field, { Type: type, RollingUpdate: null }, "must be 'RollingUpdate' or 'OnDelete'")]
  }
  const shown = { Partition: partition, MaxUnavailable: null }
  const only = "only allowed for updateStrategy 'RollingUpdate'"
  return rolling === undefined ? [] : [invalidValue(`${field}.rollingUpdate`, shown, only)]
}

function checkDaemonStrategy(strategy: unknown): StatusCause[] {
  const field = 'spec.updateStrategy'
  const type = fieldAt(strategy, 'type')
  const rolling = fieldAt(strategy, 'rollingUpdate')
  if (type === 'OnDelete') return []
  if (type !== 'RollingUpdate') {
    return oneOf(field, { Type: type, RollingUpdate: rolling ?? null }, ['RollingUpdate', 'OnDelete'])
  }
  const isStuck = isNone(fieldAt(rolling, 'maxSurge')) && isNone(fieldAt(rolling, 'maxUnavailable'))
  return isStuck ? [required(`${field}.rollingUpdate.maxUnavailable`, 'cannot be 0 when maxSurge is 0')] : []
}
