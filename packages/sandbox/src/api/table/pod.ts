import type { ApiObject } from '../object.ts'
import { fieldAt, isRecord, listAt, numberAt, stringAt } from '../objects/fields.ts'
import { ageOf } from './age.ts'
import { ageColumn, text, wide } from './column.ts'
import type { Column } from './column.ts'

export const podColumns: readonly Column[] = [
  { name: 'Ready', cell: (pod) => `${readyContainers(pod)}/${listAt(pod, 'spec', 'containers').length}` },
  { name: 'Status', cell: podStatus },
  { name: 'Restarts', cell: restarts },
  ageColumn,
  wide({ name: 'IP', cell: (pod) => stringAt(listAt(pod, 'status', 'podIPs')[0], 'ip') ?? '<none>' }),
  wide(text('Node', 'spec.nodeName', '<none>')),
  wide(text('Nominated Node', 'status.nominatedNodeName', '<none>')),
  wide({ name: 'Readiness Gates', cell: readinessGates }),
]

/** One word for what a pod does, or for what keeps it from doing it: the last word of its containers wins. */
export function podStatus(pod: ApiObject): string {
  const status = initStatus(pod) ?? mainStatus(pod)
  if (pod.metadata.deletionTimestamp === undefined) return status
  if (stringAt(pod, 'status', 'reason') === 'NodeLost') return 'Unknown'
  const ended = ['Succeeded', 'Failed'].includes(stringAt(pod, 'status', 'phase') ?? '')
  return ended ? status : 'Terminating'
}

/** `undefined` once every init container has done its work. */
function initStatus(pod: ApiObject): string | undefined {
  const states = listAt(pod, 'status', 'initContainerStatuses')
  const at = states.findIndex((state) => numberAt(state, 'state', 'terminated', 'exitCode') !== 0)
  if (at === -1) return undefined
  const waiting = stringAt(states[at], 'state', 'waiting', 'reason')
  const ended = endOf(states[at])
  if (ended !== undefined) return `Init:${ended}`
  if (waiting !== undefined && waiting !== 'PodInitializing') return `Init:${waiting}`
  return `Init:${at}/${listAt(pod, 'spec', 'initContainers').length}`
}

function mainStatus(pod: ApiObject): string {
  const states = listAt(pod, 'status', 'containerStatuses')
  const reasons = states.map((state) => stringAt(state, 'state', 'waiting', 'reason') || endOf(state))
  const own = stringAt(pod, 'status', 'reason') || stringAt(pod, 'status', 'phase') || 'Unknown'
  const reason = reasons.find((each) => each !== undefined) ?? gated(pod) ?? own
  const stillRuns = reason === 'Completed' && readyContainers(pod) > 0
  if (!stillRuns) return reason
  return conditionStatus(pod, 'Ready') === 'True' ? 'Running' : 'NotReady'
}

/** How a container ended, `undefined` when it did not. */
function endOf(state: unknown): string | undefined {
  const terminated = fieldAt(state, 'state', 'terminated')
  if (!isRecord(terminated)) return undefined
  const signal = numberAt(terminated, 'signal') ?? 0
  const code = signal === 0 ? `ExitCode:${numberAt(terminated, 'exitCode') ?? 0}` : `Signal:${signal}`
  return stringAt(terminated, 'reason') || code
}

function gated(pod: ApiObject): string | undefined {
  const scheduled = listAt(pod, 'status', 'conditions').find((one) => stringAt(one, 'type') === 'PodScheduled')
  return stringAt(scheduled, 'reason') === 'SchedulingGated' ? 'SchedulingGated' : undefined
}

function readyContainers(pod: ApiObject): number {
  const states = listAt(pod, 'status', 'containerStatuses')
  return states.filter((state) => fieldAt(state, 'ready') === true && isRecord(fieldAt(state, 'state', 'running')))
    .length
}

/** `3 (2m ago)`: how often, and when for the last time. While the pod initializes, its init containers count. */
function restarts(pod: ApiObject, now: Date): string {
  const field = initStatus(pod) === undefined ? 'containerStatuses' : 'initContainerStatuses'
  const states = listAt(pod, 'status', field)
  const total = states.reduce<number>((sum, state) => sum + (numberAt(state, 'restartCount') ?? 0), 0)
  const ends = states.flatMap((state) => stringAt(state, 'lastState', 'terminated', 'finishedAt') ?? [])
  const last = ends.sort().at(-1)
  return total === 0 || last === undefined ? String(total) : `${total} (${ageOf(last, now)} ago)`
}

function readinessGates(pod: ApiObject): string {
  const gates = listAt(pod, 'spec', 'readinessGates')
  const open = gates.filter((gate) => conditionStatus(pod, stringAt(gate, 'conditionType') ?? '') === 'True')
  return gates.length === 0 ? '<none>' : `${open.length}/${gates.length}`
}

/** The status of a condition, where the object has it. */
export function conditionStatus(object: ApiObject, type: string): string | undefined {
  const condition = listAt(object, 'status', 'conditions').find((one) => stringAt(one, 'type') === type)
  return stringAt(condition, 'status')
}
