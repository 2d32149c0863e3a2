import type { ApiObject } from '../object.ts'
import { isRecord, listAt, recordAt } from '../objects/fields.ts'
import { dropEmpty } from './empty.ts'
import { canonicalQuantities } from './quantity.ts'

export function defaultResourceQuota(object: ApiObject): void {
  canonicalQuantities(recordAt(object, 'spec'), 'hard')
  if (isRecord(object['status'])) canonicalQuantities(object['status'], 'hard', 'used')
}

const BOUNDS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio']

export function defaultLimitRange(object: ApiObject): void {
  for (const item of listAt(object, 'spec', 'limits')) if (isRecord(item)) defaultLimits(item)
}

/** What a container may have at most is its limit, its limit its request, and its least a request where nothing else is. */
function defaultLimits(item: Record<string, unknown>): void {
  canonicalQuantities(item, ...BOUNDS)
  if (item['type'] !== 'Container') return
  const limits = { ...bound(item, 'max'), ...bound(item, 'default') }
  const requests = { ...bound(item, 'min'), ...limits, ...bound(item, 'defaultRequest') }
  item['default'] = limits
  item['defaultRequest'] = requests
  dropEmpty(item, 'default', 'defaultRequest')
}

function bound(item: Record<string, unknown>, name: string): Record<string, unknown> {
  const amounts = item[name]
  return isRecord(amounts) ? amounts : {}
}

export function defaultPriorityClass(object: ApiObject): void {
  object['preemptionPolicy'] ??= 'PreemptLowerPriority'
  if (object['globalDefault'] === false) delete object['globalDefault']
}
