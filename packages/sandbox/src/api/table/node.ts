import type { ApiObject } from '../object.ts'
import { fieldAt, listAt, stringAt } from '../objects/fields.ts'
import { ageColumn, text, wide } from './column.ts'
import type { Column } from './column.ts'
import { conditionStatus } from './pod.ts'

const ROLE = 'node-role.kubernetes.io/'

export const nodeColumns: readonly Column[] = [
  { name: 'Status', cell: nodeStatus },
  { name: 'Roles', cell: roles },
  ageColumn,
  text('Version', 'status.nodeInfo.kubeletVersion'),
  wide({ name: 'Internal-IP', cell: (node) => addressOf(node, 'InternalIP') }),
  wide({ name: 'External-IP', cell: (node) => addressOf(node, 'ExternalIP') }),
  wide(text('OS-Image', 'status.nodeInfo.osImage', '<unknown>')),
  wide(text('Kernel-Version', 'status.nodeInfo.kernelVersion', '<unknown>')),
  wide(text('Container-Runtime', 'status.nodeInfo.containerRuntimeVersion', '<unknown>')),
]

function nodeStatus(node: ApiObject): string {
  const ready = conditionStatus(node, 'Ready')
  const health = ready === undefined ? 'Unknown' : ready === 'True' ? 'Ready' : 'NotReady'
  return fieldAt(node, 'spec', 'unschedulable') === true ? `${health},SchedulingDisabled` : health
}

function roles({ metadata }: ApiObject): string {
  const named = Object.keys(metadata.labels ?? {}).filter((key) => key.startsWith(ROLE) && key !== ROLE)
  const sorted = named.map((key) => key.slice(ROLE.length)).sort()
  return sorted.join(',') || '<none>'
}

function addressOf(node: ApiObject, type: string): string {
  const address = listAt(node, 'status', 'addresses').find((one) => stringAt(one, 'type') === type)
  return stringAt(address, 'address') ?? '<none>'
}
