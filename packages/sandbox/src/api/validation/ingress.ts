import { isIP } from 'node:net'
import type { ApiObject } from '../object.ts'
import { fieldAt, isRecord, listAt, numberAt, stringAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { invalidValue, oneOf, required } from './cause.ts'
import { checkName, dns1035Label, faultsOf, subdomain } from './names.ts'
import { checkPortName, checkPortNumber } from './port.ts'

const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix']
const FORBIDDEN_PARTS = ['//', '/./', '/../', '%2f', '%2F']
const FORBIDDEN_ENDS = ['/..', '/.']

export function validateIngress(object: ApiObject): StatusCause[] {
  const { spec } = object
  const rules = listAt(spec, 'rules')
  const backend = fieldAt(spec, 'defaultBackend')
  const className = fieldAt(spec, 'ingressClassName')
  const nothing = invalidValue('spec', null, 'either `defaultBackend` or `rules` must be specified')
  return [
    ...(rules.length === 0 && backend === undefined ? [nothing] : []),
    ...(backend === undefined ? [] : checkBackend('spec.defaultBackend', backend)),
    ...rules.flatMap((rule, index) => checkRule(`spec.rules[${index}]`, rule)),
    ...(className === undefined ? [] : checkName('spec.ingressClassName', className, subdomain)),
  ]
}

export function validateIngressClass(object: ApiObject): StatusCause[] {
  const field = 'spec.controller'
  const controller = stringAt(object, 'spec', 'controller') ?? ''
  if (controller === '') return [required(field)]
  const isPath = /^[^/]+\/.+$/.test(controller)
  return isPath ? [] : [invalidValue(field, controller, 'must be a domain-prefixed path (such as "acme.io/foo")')]
}

function checkRule(field: string, rule: unknown): StatusCause[] {
  const host = stringAt(rule, 'host') ?? ''
  const http = fieldAt(rule, 'http')
  const paths = listAt(http, 'paths')
  return [
    ...checkHost(`${field}.host`, host),
    ...(isRecord(http) && paths.length === 0 ? [required(`${field}.http.paths`)] : []),
    ...paths.flatMap((path, index) => checkPath(`${field}.http.paths[${index}]`, path)),
  ]
}

function checkHost(field: string, host: string): StatusCause[] {
  if (host === '') return []
  if (isIP(host) > 0) return [invalidValue(field, host, 'must be a DNS name, not an IP address')]
  return faultsOf(host.startsWith('*.') ? host.slice(2) : host, subdomain).map((fault) =>
    invalidValue(field, host, fault),
  )
}

function checkPath(field: string, path: unknown): StatusCause[] {
  const type = stringAt(path, 'pathType')
  return [
    ...(type === undefined
      ? [required(`${field}.pathType`, 'pathType must be specified')]
      : PATH_TYPES.includes(type)
        ? checkPathText(`${field}.path`, stringAt(path, 'path') ?? '', type)
        : oneOf(`${field}.pathType`, type, PATH_TYPES)),
    ...checkBackend(`${field}.backend`, fieldAt(path, 'backend')),
  ]
}

function checkPathText(field: string, path: string, type: string): StatusCause[] {
  const isAbsolute = path.startsWith('/')
  if (type === 'ImplementationSpecific') {
    return path === '' || isAbsolute ? [] : [invalidValue(field, path, 'must be an absolute path')]
  }
  if (!isAbsolute) return [invalidValue(field, path, 'must be an absolute path')]
  const parts = FORBIDDEN_PARTS.filter((part) => path.includes(part)).map((part) => `must not contain '${part}'`)
  const ends = FORBIDDEN_ENDS.filter((end) => path.endsWith(end)).map((end) => `cannot end with '${end}'`)
  return [...parts, ...ends].map((fault) => invalidValue(field, path, fault))
}

function checkBackend(field: string, backend: unknown): StatusCause[] {
  const service = fieldAt(backend, 'service')
  const hasResource = isRecord(fieldAt(backend, 'resource'))
  if (service === undefined) {
    return hasResource ? [] : [invalidValue(field, '', 'resource or service backend is required')]
  }
  if (hasResource) return [invalidValue(field, '', 'cannot set both resource and service backends')]
  return [
    ...checkName(`${field}.service.name`, fieldAt(service, 'name'), dns1035Label),
    ...checkBackendPort(field, fieldAt(service, 'port')),
  ]
}

function checkBackendPort(field: string, port: unknown): StatusCause[] {
  const name = stringAt(port, 'name') ?? ''
  const number = numberAt(port, 'number') ?? 0
  if (name !== '' && number !== 0) return [invalidValue(field, '', 'cannot set both port name & port number')]
  if (name !== '') return checkPortName(`${field}.service.port.name`, name)
  if (number !== 0) return checkPortNumber(`${field}.service.port.number`, number)
  return [required(field, 'port name or number is required')]
}
