import { isIP } from 'node:net'
import type { ApiObject } from '../object.ts'
import { fieldAt, listAt, stringAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { invalidValue, required } from './cause.ts'
import { checkName, label } from './names.ts'
import { checkPortNumber } from './port.ts'

export function validateEndpoints(object: ApiObject): StatusCause[] {
  return listAt(object, 'subsets').flatMap((subset, index) => checkSubset(`subsets[${index}]`, subset))
}

function checkSubset(field: string, subset: unknown): StatusCause[] {
  const lists = ['addresses', 'notReadyAddresses']
  const ports = listAt(subset, 'ports')
  const isEmpty = lists.every((list) => listAt(subset, list).length === 0)
  return [
    ...(isEmpty ? [required(field, 'must specify `addresses` or `notReadyAddresses`')] : []),
    ...lists.flatMap((list) =>
      listAt(subset, list).flatMap((one, index) => checkAddress(`${field}.${list}[${index}].ip`, stringAt(one, 'ip'))),
    ),
    ...ports.flatMap((port, index) => checkEndpointPort(`${field}.ports[${index}]`, port, ports.length > 1)),
  ]
}

/** Pods report addresses of a virtual range for this reason: an endpoint on loopback is refused. */
function checkAddress(field: string, ip = ''): StatusCause[] {
  if (isIP(ip) === 0) {
    const wrong = 'must be a valid IP address'
    return [invalidValue(field, ip, `${wrong}, (e.g. 10.9.8.7 or 2001:db8::ffff)`), invalidValue(field, ip, wrong)]
  }
  const isLoopback = ip.startsWith('127.') || ip === '::1'
  return isLoopback ? [invalidValue(field, ip, 'may not be in the loopback range (127.0.0.0/8, ::1/128)')] : []
}

function checkEndpointPort(field: string, port: unknown, needsName: boolean): StatusCause[] {
  const name = fieldAt(port, 'name')
  return [
    ...(needsName || name !== undefined ? checkName(`${field}.name`, name, label) : []),
    ...checkPortNumber(`${field}.port`, fieldAt(port, 'port')),
  ]
}
