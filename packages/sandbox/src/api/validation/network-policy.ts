import { isIP } from 'node:net'
import type { ApiObject } from '../object.ts'
import { fieldAt, isRecord, listAt, stringAt } from '../objects/fields.ts'
import type { StatusCause } from '../status.ts'
import { invalidValue, oneOf, required } from './cause.ts'
import { checkPort } from './port.ts'

const PROTOCOLS = ['TCP', 'UDP', 'SCTP']
const DIRECTIONS = [
  { rules: 'ingress', peers: 'from' },
  { rules: 'egress', peers: 'to' },
] as const

export function validateNetworkPolicy(object: ApiObject): StatusCause[] {
  const { spec } = object
  return [
    ...DIRECTIONS.flatMap(({ rules, peers }) =>
      listAt(spec, rules).flatMap((rule, index) => checkRule(`spec.${rules}[${index}]`, rule, peers)),
    ),
    ...listAt(spec, 'policyTypes').flatMap((type, index) =>
      oneOf(`spec.policyTypes[${index}]`, type, ['Ingress', 'Egress']),
    ),
  ]
}

function checkRule(field: string, rule: unknown, peers: string): StatusCause[] {
  return [
    ...listAt(rule, 'ports').flatMap((port, index) => checkPolicyPort(`${field}.ports[${index}]`, port)),
    ...listAt(rule, peers).flatMap((peer, index) => checkPeer(`${field}.${peers}[${index}]`, peer)),
  ]
}

function checkPolicyPort(field: string, port: unknown): StatusCause[] {
  const number = fieldAt(port, 'port')
  return [
    ...oneOf(`${field}.protocol`, fieldAt(port, 'protocol'), PROTOCOLS),
    ...(number === undefined ? [] : checkPort(`${field}.port`, number)),
  ]
}

function checkPeer(field: string, peer: unknown): StatusCause[] {
  if (!isRecord(peer) || Object.keys(peer).length === 0) return [required(field, 'must specify a peer')]
  if (peer['ipBlock'] === undefined) return []
  const cidr = stringAt(peer, 'ipBlock', 'cidr') ?? ''
  const [address = '', length, ...more] = cidr.split('/')
  const most = isIP(address) === 6 ? 128 : 32
  const isCidr = isIP(address) > 0 && /^\d+$/.test(length ?? '') && Number(length) <= most && more.length === 0
  const rule = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'
  return isCidr ? [] : [invalidValue(`${field}.ipBlock.cidr`, cidr, rule)]
}
