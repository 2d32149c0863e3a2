import type { ApiObject } from '../object.ts'
import { fieldAt, isRecord, listAt, stringAt } from '../objects/fields.ts'
import { ageColumn, count, text } from './column.ts'
import type { Column } from './column.ts'

export const resourceQuotaColumns: readonly Column[] = [
  { name: 'Request', cell: (quota) => usageOf(quota, (resource) => !isLimit(resource)) },
  { name: 'Limit', cell: (quota) => usageOf(quota, isLimit) },
  ageColumn,
]

export const disruptionBudgetColumns: readonly Column[] = [
  { name: 'Min Available', cell: (budget) => boundOf(budget, 'minAvailable') },
  { name: 'Max Unavailable', cell: (budget) => boundOf(budget, 'maxUnavailable') },
  count('Allowed Disruptions', 'status.disruptionsAllowed', 'integer'),
  ageColumn,
]

export const priorityClassColumns: readonly Column[] = [
  count('Value', 'value', 'integer'),
  { name: 'Global-Default', type: 'boolean', cell: (one) => fieldAt(one, 'globalDefault') === true },
  ageColumn,
  text('PreemptionPolicy', 'preemptionPolicy'),
]

export const webhookColumns: readonly Column[] = [
  { name: 'Webhooks', type: 'integer', cell: (configuration) => listAt(configuration, 'webhooks').length },
  ageColumn,
]

function isLimit(resource: string): boolean {
  return resource.startsWith('limits.')
}

/** `pods: 1/4, requests.cpu: 0/2`: what is used of what is allowed. */
function usageOf(quota: ApiObject, isShown: (resource: string) => boolean): string {
  const hard = fieldAt(quota, 'status', 'hard')
  const resources = Object.keys(isRecord(hard) ? hard : {}).sort()
  const used = (resource: string): string => stringAt(quota, 'status', 'used', resource) ?? '0'
  return resources
    .filter(isShown)
    .map((resource) => `${resource}: ${used(resource)}/${stringAt(hard, resource) ?? '0'}`)
    .join(', ')
}

function boundOf(budget: ApiObject, field: string): string {
  const bound = fieldAt(budget, 'spec', field)
  return typeof bound === 'number' || typeof bound === 'string' ? String(bound) : 'N/A'
}
