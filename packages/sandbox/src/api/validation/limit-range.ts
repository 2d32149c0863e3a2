import type { ApiObject } from '../object.ts'
import { fieldAt, isRecord, listAt, stringAt } from '../objects/fields.ts'
import { compareAmounts } from '../objects/quantity.ts'
import type { StatusCause } from '../status.ts'
import { duplicate, forbidden, invalidValue, repetitions, required } from './cause.ts'

const TYPES = ['Pod', 'Container', 'PersistentVolumeClaim']

export function validateLimitRange(object: ApiObject): StatusCause[] {
  const items = listAt(object, 'spec', 'limits')
  const types = items.map((item) => stringAt(item, 'type') ?? '')
  const repeated = repetitions(types)
  return items.flatMap((item, index) => {
    const field = `spec.limits[${index}]`
    const type = types[index] ?? ''
    if (!TYPES.includes(type) && !type.includes('/')) {
      return [invalidValue(`${field}.type`, type, 'must be a standard limit type or fully qualified')]
    }
    if (repeated[index]) return [duplicate(`${field}.type`, type)]
    return [...checkType(field, item, type), ...checkBounds(field, item)]
  })
}

function checkType(field: string, item: unknown, type: string): StatusCause[] {
  if (type === 'Pod') {
    return ['default', 'defaultRequest']
      .filter((name) => isRecord(fieldAt(item, name)))
      .map((name) => forbidden(`${field}.${name}`, "may not be specified when `type` is 'Pod'"))
  }
  const isUnbound = [fieldAt(item, 'min', 'storage'), fieldAt(item, 'max', 'storage')].every((one) => one === undefined)
  const either = 'either minimum or maximum storage value is required, but neither was provided'
  return type === 'PersistentVolumeClaim' && isUnbound ? [required(`${field}.limits`, either)] : []
}

/** What must not be more than what; the field and the amount that the message shows. */
const ORDER = [
  { less: 'min', more: 'max', field: 'min', shows: 'min', words: ['min value', 'max value'] },
  {
    less: 'min',
    more: 'defaultRequest',
    field: 'defaultRequest',
    shows: 'defaultRequest',
    words: ['min value', 'default request value'],
  },
  {
    less: 'defaultRequest',
    more: 'max',
    field: 'defaultRequest',
    shows: 'defaultRequest',
    words: ['default request value', 'max value'],
  },
  {
    less: 'defaultRequest',
    more: 'default',
    field: 'defaultRequest',
    shows: 'defaultRequest',
    words: ['default request value', 'default limit value'],
  },
  { less: 'min', more: 'default', field: 'default', shows: 'min', words: ['min value', 'default value'] },
  { less: 'default', more: 'max', field: 'default', shows: 'max', words: ['default value', 'max value'] },
] as const

function checkBounds(field: string, item: unknown): StatusCause[] {
  const bounds = ['max', 'min', 'default', 'defaultRequest']
  const names = new Set(bounds.flatMap((bound) => Object.keys(fieldAt(item, bound) ?? {})))
  return [...names].sort().flatMap((name) =>
    ORDER.flatMap(({ less, more, field: at, shows, words: [lower, upper] }) => {
      const [low, high] = [stringAt(item, less, name), stringAt(item, more, name)]
      if (low === undefined || high === undefined || compareAmounts(low, high) <= 0) return []
      const detail = `${lower} ${low} is greater than ${upper} ${high}`
      return [invalidValue(`${field}.${at}[${name}]`, stringAt(item, shows, name), detail)]
    }),
  )
}
