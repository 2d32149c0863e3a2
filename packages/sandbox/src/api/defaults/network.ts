import type { ApiObject } from '../object.ts'
import { isRecord, listAt, recordAt } from '../objects/fields.ts'

export function defaultIngressClass(object: ApiObject): void {
  const { parameters } = recordAt(object, 'spec')
  if (isRecord(parameters)) parameters['scope'] ??= 'Cluster'
}

/** A policy is always about what comes in, and about what goes out when it says something of that. */
export function defaultNetworkPolicy(object: ApiObject): void {
  const spec = recordAt(object, 'spec')
  spec['podSelector'] ??= {}
  const ports = [...listAt(spec, 'ingress'), ...listAt(spec, 'egress')].flatMap((rule) => listAt(rule, 'ports'))
  for (const port of ports) if (isRecord(port)) port['protocol'] ??= 'TCP'
  if (listAt(spec, 'policyTypes').length > 0) return
  spec['policyTypes'] = listAt(spec, 'egress').length > 0 ? ['Ingress', 'Egress'] : ['Ingress']
}
