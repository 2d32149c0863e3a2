import type { ApiObject } from '../object.ts'
import { fieldAt, isRecord, listAt, stringAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { invalidValue, oneOf, required } from './cause.ts'
import { notNegative } from './number.ts'
import { checkTemplatePods, selectorMismatch } from './workload.ts'

const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid'
const NUMBERS = ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished']
const WHEN_DONE = '"OnFailure", "Never"'

export function validateJob(object: ApiObject): StatusCause[] {
  return [...checkOwnSelector(object), ...checkJobSpec('spec', object['spec']), ...checkMatch(object)]
}

export function validateCronJob(object: ApiObject): StatusCause[] {
  const { spec } = object
  return [
    ...checkSchedule(stringAt(spec, 'schedule') ?? ''),
    ...notNegative(spec, 'spec.startingDeadlineSeconds'),
    ...checkTimeZone(stringAt(spec, 'timeZone')),
    ...oneOf('spec.concurrencyPolicy', fieldAt(spec, 'concurrencyPolicy'), ['Allow', 'Forbid', 'Replace']),
    ...checkJobSpec('spec.jobTemplate.spec', fieldAt(spec, 'jobTemplate', 'spec')),
    ...notNegative(spec, 'spec.successfulJobsHistoryLimit'),
    ...notNegative(spec, 'spec.failedJobsHistoryLimit'),
  ]
}

/** Unless it says that it selects by hand, a Job selects by its uid and by nothing else. */
function checkOwnSelector(object: ApiObject): StatusCause[] {
  const selector = fieldAt(object, 'spec', 'selector')
  if (fieldAt(object, 'spec', 'manualSelector') === true || !isRecord(selector)) return []
  const keys = Object.keys(fieldAt(selector, 'matchLabels') ?? {})
  const isOwn = keys.every((key) => key === CONTROLLER_UID) && listAt(selector, 'matchExpressions').length === 0
  return isOwn ? [] : [invalidValue('spec.selector', selector, '`selector` not auto-generated')]
}

function checkMatch(object: ApiObject): StatusCause[] {
  const selector = fieldAt(object, 'spec', 'selector')
  return isRecord(selector) ? selectorMismatch(object, selector) : []
}

function checkJobSpec(field: string, spec: unknown): StatusCause[] {
  const template = fieldAt(spec, 'template')
  const mayRestart = stringAt(template, 'spec', 'restartPolicy') === 'Always'
  return [
    ...NUMBERS.flatMap((number) => notNegative(spec, `${field}.${number}`)),
    ...checkCompletionMode(field, fieldAt(spec, 'completionMode')),
    ...checkTemplatePods(`${field}.template`, template),
    ...(mayRestart ? [required(`${field}.template.spec.restartPolicy`, `valid values: ${WHEN_DONE}`)] : []),
  ]
}

function checkCompletionMode(field: string, mode: unknown): StatusCause[] {
  return mode === undefined ? [] : oneOf(`${field}.completionMode`, mode, ['NonIndexed', 'Indexed'])
}

/** The five fields of cron, or one of its words; what stands in a field is not looked at. */
function checkSchedule(schedule: string): StatusCause[] {
  const field = 'spec.schedule'
  if (schedule === '') return [required(field)]
  const parts = schedule.trim().split(/\s+/)
  if (parts.length === 5 || schedule.startsWith('@')) return []
  const found = `expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`
  return [invalidValue(field, schedule, found)]
}

function checkTimeZone(zone: string | undefined): StatusCause[] {
  if (zone === undefined || Intl.supportedValuesOf('timeZone').includes(zone) || zone === 'Etc/UTC' || zone === 'UTC') {
    return []
  }
  return [invalidValue('spec.timeZone', zone, `unknown time zone ${zone}`)]
}
