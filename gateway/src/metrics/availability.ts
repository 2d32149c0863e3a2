import type { RoutingSnapshot } from '../routing/snapshot.ts'
import { isInService } from '../upstreams/in-service.ts'
import type { Reading } from './family.ts'

/**
 * How many endpoints of each upstream take calls: 0 also where there is none at all, which the gauges of single endpoints
 * cannot show. What is stopped or being deleted takes no calls by intention and is left out.
 */
export function readAvailability({ upstreams, deployments }: RoutingSnapshot): Reading[] {
  const wanted = [...deployments.values()].filter(({ stopped }) => !stopped)
  const pools = [...upstreams.values(), ...wanted.map(({ pool }) => pool)]
  return pools.map(({ upstream, endpoints }) => [[upstream], endpoints.filter(isInService).length])
}
