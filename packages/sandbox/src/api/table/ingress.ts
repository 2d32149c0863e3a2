import type { ApiObject } from '../object.ts'
import { fieldAt, listAt, stringAt } from '../objects/fields.ts'
import { ageColumn, text } from './column.ts'
import type { Column } from './column.ts'
import { formatSelector } from './workload.ts'

const MAX_HOSTS = 3

export const ingressColumns: readonly Column[] = [
  text('Class', 'spec.ingressClassName', '<none>'),
  { name: 'Hosts', cell: hostsOf },
  { name: 'Address', cell: addressOf },
  { name: 'Ports', cell: (ingress) => (listAt(ingress, 'spec', 'tls').length > 0 ? '80, 443' : '80') },
  ageColumn,
]

export const ingressClassColumns: readonly Column[] = [
  text('Controller', 'spec.controller'),
  { name: 'Parameters', cell: parametersOf },
  ageColumn,
]

export const networkPolicyColumns: readonly Column[] = [
  { name: 'Pod-Selector', cell: (policy) => formatSelector(fieldAt(policy, 'spec', 'podSelector')) },
  ageColumn,
]

function hostsOf(ingress: ApiObject): string {
  const hosts = listAt(ingress, 'spec', 'rules').flatMap((rule) => stringAt(rule, 'host') || [])
  if (hosts.length === 0) return '*'
  const shown = hosts.slice(0, MAX_HOSTS).join(',')
  return hosts.length > MAX_HOSTS ? `${shown} + ${hosts.length - MAX_HOSTS} more...` : shown
}

function addressOf(ingress: ApiObject): string {
  const balancers = listAt(ingress, 'status', 'loadBalancer', 'ingress')
  const addresses = balancers.flatMap((one) => stringAt(one, 'ip') || stringAt(one, 'hostname') || [])
  return [...new Set(addresses)].sort().join(',')
}

function parametersOf(ingressClass: ApiObject): string {
  const parameters = fieldAt(ingressClass, 'spec', 'parameters')
  const kind = stringAt(parameters, 'kind')
  if (kind === undefined) return '<none>'
  const group = stringAt(parameters, 'apiGroup')
  return `${kind}${group === undefined ? '' : `.${group}`}/${stringAt(parameters, 'name') ?? ''}`
}
