import type { ApiObject } from '../object.ts'
import { fieldAt, listAt, stringAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { duplicatesOf, oneOf, required } from './cause.ts'
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
    ...oneOf('spec.type', type, TYPES),
  ]
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
