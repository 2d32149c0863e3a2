import { isIP } from 'node:net'
import type { ApiObject } from '../object.ts'
import { fieldAt, listAt, stringAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { duplicate, duplicatesOf, invalidValue, oneOf, repetitions, required } from './cause.ts'
import { checkLabel } from './metadata.ts'
import { checkName, label } from './names.ts'
import { checkPort, checkPortNumber, PROTOCOLS } from './port.ts'

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']

export function validateService(object: ApiObject): StatusCause[] {
  const type = stringAt(object, 'spec', 'type')
  const ports = listAt(object, 'spec', 'ports')
  const headless = stringAt(object, 'spec', 'clusterIP') === 'None'
  const external = type === 'ExternalName'
  const nameless = external && !stringAt(object, 'spec', 'externalName')
  return [
    ...(ports.length === 0 && !headless && !external ? [required('spec.ports')] : []),
    ...(nameless ? [required('spec.externalName')] : []),
    ...ports.flatMap((port, index) => checkServicePort(`spec.ports[${index}]`, port, ports.length > 1)),
    ...duplicatesOf(
      ports.map((port) => stringAt(port, 'name')),
      (index) => `spec.ports[${index}].name`,
    ),
    ...duplicatePorts(ports),
    ...Object.entries(fieldAt(object, 'spec', 'selector') ?? {}).flatMap(([key, value]) =>
      checkLabel('spec.selector', key, value),
    ),
    ...checkAddress(stringAt(object, 'spec', 'clusterIP') ?? ''),
    ...oneOf('spec.type', type, TYPES),
  ]
}

/** Quoted as the server's own structure: with what tells the ports apart, and zeros for the rest. */
function duplicatePorts(ports: readonly unknown[]): StatusCause[] {
  const keys = ports.map((port) => `${String(fieldAt(port, 'port'))}/${stringAt(port, 'protocol')}`)
  const repeated = repetitions(keys)
  return ports.flatMap((port, index) => {
    if (!repeated[index]) return []
    const shown = { Name: '', Protocol: fieldAt(port, 'protocol'), AppProtocol: null, Port: fieldAt(port, 'port') }
    return [duplicate(`spec.ports[${index}]`, { ...shown, TargetPort: 0, NodePort: 0 })]
  })
}

function checkAddress(address: string): StatusCause[] {
  if (address === '' || address === 'None' || isIP(address) !== 0) return []
  const rule = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
  return [invalidValue('spec.clusterIPs[0]', address, rule)]
}

/** A name is required as soon as there is more than one port. */
function checkServicePort(field: string, port: unknown, needsName: boolean): StatusCause[] {
  const name = stringAt(port, 'name')
  return [
    ...(needsName || name ? checkName(`${field}.name`, name, label) : []),
    ...checkPortNumber(`${field}.port`, fieldAt(port, 'port')),
    ...oneOf(`${field}.protocol`, fieldAt(port, 'protocol'), PROTOCOLS),
    ...checkPort(`${field}.targetPort`, fieldAt(port, 'targetPort')),
  ]
}
