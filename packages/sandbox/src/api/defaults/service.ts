import type { ApiObject } from '../object.ts'
import { isRecord, listAt, recordAt } from '../objects/fields.ts'
import { dropEmpty } from './empty.ts'

const SESSION_SECONDS = 3 * 60 * 60

/** Everything but the cluster address, which needs the other Services. */
export function defaultService(object: ApiObject): void {
  const spec = recordAt(object, 'spec')
  dropEmpty(spec, 'selector', 'ports')
  spec['type'] ??= 'ClusterIP'
  spec['sessionAffinity'] ??= 'None'
  if (spec['sessionAffinity'] === 'ClientIP') {
    spec['sessionAffinityConfig'] ??= { clientIP: { timeoutSeconds: SESSION_SECONDS } }
  } else delete spec['sessionAffinityConfig']
  for (const port of listAt(spec, 'ports')) if (isRecord(port)) defaultPort(port)
  if (spec['type'] === 'ExternalName') return
  spec['internalTrafficPolicy'] ??= 'Cluster'
  // Without a selector somebody else writes the endpoints of a headless Service: of any family.
  const isOpen = spec['clusterIP'] === 'None' && spec['selector'] === undefined
  spec['ipFamilies'] ??= isOpen ? ['IPv4', 'IPv6'] : ['IPv4']
  spec['ipFamilyPolicy'] ??= isOpen ? 'RequireDualStack' : 'SingleStack'
  defaultOutside(spec)
}

/** What only Services with a way in from outside the cluster have. */
function defaultOutside(spec: Record<string, unknown>): void {
  if (spec['type'] !== 'NodePort' && spec['type'] !== 'LoadBalancer') return
  spec['externalTrafficPolicy'] ??= 'Cluster'
  if (spec['type'] === 'LoadBalancer') spec['allocateLoadBalancerNodePorts'] ??= true
}

function defaultPort(port: Record<string, unknown>): void {
  port['protocol'] ??= 'TCP'
  port['targetPort'] ||= port['port']
}
