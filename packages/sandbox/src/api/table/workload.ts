import type { ApiObject } from '../object.ts'
import { fieldAt, isRecord, listAt, numberAt, stringAt } from '../objects/fields.ts'
import { ageColumn, count, formatLabels, wide } from './column.ts'
import type { Column } from './column.ts'

/** What `-o wide` tells of a pod template: `containers` and `selector` are the ways to them. */
export function templateColumns(containers: readonly string[], selector?: readonly string[]): Column[] {
  const each = (field: string) => (workload: ApiObject) =>
    listAt(workload, ...containers)
      .map((container) => stringAt(container, field) ?? '')
      .join(',')
  const chosen = (workload: ApiObject) => formatSelector(fieldAt(workload, ...(selector ?? [])))
  return [
    wide({ name: 'Containers', cell: each('name') }),
    wide({ name: 'Images', cell: each('image') }),
    ...(selector === undefined ? [] : [wide({ name: 'Selector', cell: chosen })]),
  ]
}

const CONTAINERS = ['spec', 'template', 'spec', 'containers']
const SELECTOR = ['spec', 'selector']

export const deploymentColumns: readonly Column[] = [
  { name: 'Ready', cell: readyOfDesired },
  count('Up-to-date', 'status.updatedReplicas'),
  count('Available', 'status.availableReplicas'),
  ageColumn,
  ...templateColumns(CONTAINERS, SELECTOR),
]

export const replicaSetColumns: readonly Column[] = [
  count('Desired', 'spec.replicas', 'integer'),
  count('Current', 'status.replicas', 'integer'),
  count('Ready', 'status.readyReplicas', 'integer'),
  ageColumn,
  ...templateColumns(CONTAINERS, SELECTOR),
]

export const statefulSetColumns: readonly Column[] = [
  { name: 'Ready', cell: readyOfDesired },
  ageColumn,
  ...templateColumns(CONTAINERS),
]

export const daemonSetColumns: readonly Column[] = [
  count('Desired', 'status.desiredNumberScheduled', 'integer'),
  count('Current', 'status.currentNumberScheduled', 'integer'),
  count('Ready', 'status.numberReady', 'integer'),
  count('Up-to-date', 'status.updatedNumberScheduled', 'integer'),
  count('Available', 'status.numberAvailable', 'integer'),
  { name: 'Node Selector', cell: (set) => formatLabels(fieldAt(set, 'spec', 'template', 'spec', 'nodeSelector')) },
  ageColumn,
  ...templateColumns(CONTAINERS, SELECTOR),
]

export const controllerRevisionColumns: readonly Column[] = [
  { name: 'Controller', cell: controllerOf },
  { name: 'Revision', cell: (revision) => numberAt(revision, 'revision') ?? 0 },
  ageColumn,
]

export const autoscalerColumns: readonly Column[] = [
  { name: 'Reference', cell: referenceOf },
  { name: 'Targets', cell: targetsOf },
  { name: 'MinPods', cell: (one) => String(numberAt(one, 'spec', 'minReplicas') ?? '<unset>') },
  count('MaxPods', 'spec.maxReplicas'),
  count('Replicas', 'status.currentReplicas'),
  ageColumn,
]

function readyOfDesired(deployment: ApiObject): string {
  return `${numberAt(deployment, 'status', 'readyReplicas') ?? 0}/${numberAt(deployment, 'spec', 'replicas') ?? 0}`
}

/** A label selector in one line, `<none>` for one that selects everything. */
export function formatSelector(selector: unknown): string {
  const labels = fieldAt(selector, 'matchLabels')
  const equal = Object.entries(isRecord(labels) ? labels : {}).map(([key, value]) => [key, `${key}=${String(value)}`])
  const expressions = listAt(selector, 'matchExpressions').map((one) => [stringAt(one, 'key'), formatExpression(one)])
  const sorted = [...equal, ...expressions].sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
  return sorted.map(([, text]) => text).join(',') || '<none>'
}

/** `statefulset.apps/web` */
function controllerOf(revision: ApiObject): string {
  const owner = listAt(revision.metadata, 'ownerReferences').find((one) => fieldAt(one, 'controller') === true)
  if (owner === undefined) return '<none>'
  const [group = '', version] = (stringAt(owner, 'apiVersion') ?? '').split('/')
  const kind = (stringAt(owner, 'kind') ?? '').toLowerCase()
  return `${kind}${version === undefined ? '' : `.${group}`}/${stringAt(owner, 'name') ?? ''}`
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
