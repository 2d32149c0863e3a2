import type { ApiObject } from '../object.ts'
import { fieldAt, listAt, numberAt, stringAt } from '../objects/fields.ts'
import { ageColumn, formatLabels, text, wide } from './column.ts'
import type { Column } from './column.ts'

const MAX_SHOWN = 3

export const serviceColumns: readonly Column[] = [
  text('Type', 'spec.type'),
  text('Cluster-IP', 'spec.clusterIP', '<none>'),
  { name: 'External-IP', cell: externalAddress },
  { name: 'Port(s)', cell: servicePorts },
  ageColumn,
  wide({ name: 'Selector', cell: (service) => formatLabels(fieldAt(service, 'spec', 'selector')) }),
]

export const endpointSliceColumns: readonly Column[] = [
  text('AddressType', 'addressType'),
  {
    name: 'Ports',
    cell: (slice) => shorten(listAt(slice, 'ports').map((port) => `${numberAt(port, 'port') ?? '*'}`)),
  },
  { name: 'Endpoints', cell: (slice) => shorten(addressesOf(slice)) },
  ageColumn,
]

export const endpointsColumns: readonly Column[] = [{ name: 'Endpoints', cell: endpointsOf }, ageColumn]

function externalAddress(service: ApiObject): string {
  if (stringAt(service, 'spec', 'type') === 'ExternalName') return stringAt(service, 'spec', 'externalName') ?? ''
  const own = strings(listAt(service, 'spec', 'externalIPs'))
  if (stringAt(service, 'spec', 'type') !== 'LoadBalancer') return own.join(',') || '<none>'
  const ingress = listAt(service, 'status', 'loadBalancer', 'ingress')
  const balanced = ingress.flatMap((one) => stringAt(one, 'ip') ?? stringAt(one, 'hostname') ?? [])
  return [...balanced, ...own].join(',') || '<pending>'
}

function servicePorts(service: ApiObject): string {
  const ports = listAt(service, 'spec', 'ports').map((port) => {
    const nodePort = numberAt(port, 'nodePort') ?? 0
    const number = numberAt(port, 'port') ?? 0
    return `${number}${nodePort === 0 ? '' : `:${nodePort}`}/${stringAt(port, 'protocol') ?? 'TCP'}`
  })
  return ports.join(',') || '<none>'
}

function addressesOf(slice: ApiObject): string[] {
  return listAt(slice, 'endpoints').flatMap((endpoint) => strings(listAt(endpoint, 'addresses')))
}

function endpointsOf(endpoints: ApiObject): string {
  const all = listAt(endpoints, 'subsets').flatMap((subset) => {
    const addresses = listAt(subset, 'addresses').flatMap((one) => stringAt(one, 'ip') ?? [])
    const ports = listAt(subset, 'ports')
    if (ports.length === 0) return addresses
    return ports.flatMap((port) => addresses.map((address) => `${address}:${numberAt(port, 'port') ?? 0}`))
  })
  return all.length === 0 ? '<none>' : shorten(all)
}

function shorten(items: string[]): string {
  if (items.length === 0) return '<unset>'
  const shown = items.slice(0, MAX_SHOWN).join(',')
  return items.length > MAX_SHOWN ? `${shown} + ${items.length - MAX_SHOWN} more...` : shown
}

function strings(values: unknown[]): string[] {
  return values.filter((value) => typeof value === 'string')
}
