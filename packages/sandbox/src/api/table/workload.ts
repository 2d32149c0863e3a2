import type { ApiObject } from '../object.ts'
import { fieldAt, listAt, numberAt, stringAt } from '../objects/fields.ts'
import { ageColumn, count, formatLabels, wide } from './column.ts'
import type { Column } from './column.ts'

const templateColumns: readonly Column[] = [
  wide({ name: 'Containers', cell: (workload) => ofContainers(workload, 'name') }),
  wide({ name: 'Images', cell: (workload) => ofContainers(workload, 'image') }),
  wide({ name: 'Selector', cell: selectorOf }),
]

export const deploymentColumns: readonly Column[] = [
  { name: 'Ready', cell: readyOfDesired },
  count('Up-to-date', 'status.updatedReplicas'),
  count('Available', 'status.availableReplicas'),
  ageColumn,
  ...templateColumns,
]

export const replicaSetColumns: readonly Column[] = [
  count('Desired', 'spec.replicas', 'integer'),
  count('Current', 'status.replicas', 'integer'),
  count('Ready', 'status.readyReplicas', 'integer'),
  ageColumn,
  ...templateColumns,
]

export const autoscalerColumns: readonly Column[] = [
  { name: 'Reference', cell: referenceOf },
  { name: 'Targets', cell: targetsOf },
  { name: 'MinPods', cell: (one) => String(numberAt(one, 'spec', 'minReplicas') ?? '<unset>') },
  count('MaxPods', 'spec.maxReplicas'),
  count('Replicas', 'status.currentReplicas'),
  ageColumn,
]

function ofContainers(workload: ApiObject, field: string): string {
  const containers = listAt(workload, 'spec', 'template', 'spec', 'containers')
  return containers.map((container) => stringAt(container, field) ?? '').join(',')
}

function readyOfDesired(deployment: ApiObject): string {
  return `${numberAt(deployment, 'status', 'readyReplicas') ?? 0}/${numberAt(deployment, 'spec', 'replicas') ?? 0}`
}

function selectorOf(workload: ApiObject): string {
  const equal = fieldAt(workload, 'spec', 'selector', 'matchLabels')
  const expressions = listAt(workload, 'spec', 'selector', 'matchExpressions').map(formatExpression)
  const labels = formatLabels(equal)
  return expressions.length === 0 ? labels : [...(labels === '<none>' ? [] : [labels]), ...expressions].join(',')
}

function formatExpression(expression: unknown): string {
  const key = stringAt(expression, 'key') ?? ''
  const values = listAt(expression, 'values').map(String).sort().join(',')
  switch (stringAt(expression, 'operator') ?? 'Exists') {
    case 'In':
      return `${key} in (${values})`
    case 'NotIn':
      return `${key} notin (${values})`
    case 'DoesNotExist':
      return `!${key}`
    default:
      return key
  }
}

function referenceOf(autoscaler: ApiObject): string {
  const target = fieldAt(autoscaler, 'spec', 'scaleTargetRef')
  return `${stringAt(target, 'kind') ?? ''}/${stringAt(target, 'name') ?? ''}`
}

function targetsOf(autoscaler: ApiObject): string {
  const current = listAt(autoscaler, 'status', 'currentMetrics')
  const targets = listAt(autoscaler, 'spec', 'metrics').map((metric, index) => formatTarget(metric, current[index]))
  return targets.join(', ') || '<none>'
}

/** `cpu: 12%/80%`, with `<unknown>` until it is measured. */
function formatTarget(metric: unknown, current: unknown): string {
  const name = stringAt(metric, 'resource', 'name')
  if (name === undefined) return '<unknown>'
  const percent = numberAt(metric, 'resource', 'target', 'averageUtilization')
  const measured = fieldAt(current, 'resource', 'current')
  if (percent === undefined) {
    const wanted = stringAt(metric, 'resource', 'target', 'averageValue') ?? '<auto>'
    return `${name}: ${stringAt(measured, 'averageValue') ?? '<unknown>'}/${wanted}`
  }
  const used = numberAt(measured, 'averageUtilization')
  return `${name}: ${used === undefined ? '<unknown>' : `${used}%`}/${percent}%`
}
