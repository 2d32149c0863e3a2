import type { ApiObject } from '../object.ts'
import { isRecord, listAt, recordAt } from '../objects/fields.ts'

type Fields = Record<string, unknown>

const PERCENT = { type: 'Percent', value: 100, periodSeconds: 15 }
const PODS = { type: 'Pods', value: 4, periodSeconds: 15 }

/** `behavior` is completed only where the client gave some: an autoscaler without one reads as it was written. */
export function defaultHorizontalPodAutoscaler(object: ApiObject): void {
  const spec = recordAt(object, 'spec')
  spec['minReplicas'] ??= 1
  if (listAt(spec, 'metrics').length === 0) spec['metrics'] = [cpuUtilization()]
  const { behavior } = spec
  if (isRecord(behavior) && ('scaleUp' in behavior || 'scaleDown' in behavior)) defaultBehavior(behavior)
}

function cpuUtilization(): object {
  return { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }
}

function defaultBehavior(behavior: Fields): void {
  const scaleUp = recordAt(behavior, 'scaleUp')
  const scaleDown = recordAt(behavior, 'scaleDown')
  scaleUp['stabilizationWindowSeconds'] ??= 0
  scaleUp['selectPolicy'] ??= 'Max'
  scaleDown['selectPolicy'] ??= 'Max'
  if (listAt(scaleUp, 'policies').length === 0) scaleUp['policies'] = [{ ...PODS }, { ...PERCENT }]
  if (listAt(scaleDown, 'policies').length === 0) scaleDown['policies'] = [{ ...PERCENT }]
}
