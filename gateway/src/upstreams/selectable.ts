import type { Endpoint } from './endpoint.ts'

const NONE: readonly Endpoint[] = []

/**
 * The endpoints that may take a call now, without `avoid` if there is another. Gives the argument itself where all may,
 * which is the common case and costs no memory.
 *
 * Where nobody is available it gives what is better than nothing: all of them failed their health checks, so that the
 * checks are rather wrong than the servers; or all of them have left the configuration since the request was routed.
 * Breakers, pauses and limits stay in force.
 */
export function selectable(endpoints: readonly Endpoint[], avoid?: Endpoint): readonly Endpoint[] {
  if (avoid === undefined && endpoints.every(isAvailable)) return endpoints
  const available = endpoints.filter(isAvailable)
  if (available.length > 0) return withoutAvoided(available, avoid)
  const staying = endpoints.filter((endpoint) => !isLeaving(endpoint))
  if (staying.length === 0) return endpoints.filter((endpoint) => endpoint.refusal() === 'draining')
  if (staying.some(({ isHealthy }) => isHealthy)) return NONE
  return withoutAvoided(
    staying.filter((endpoint) => endpoint.refusal() === undefined),
    avoid,
  )
}

function isAvailable(endpoint: Endpoint): boolean {
  return endpoint.isAvailable()
}

function isLeaving(endpoint: Endpoint): boolean {
  const refusal = endpoint.refusal()
  return refusal === 'removed' || refusal === 'draining'
}

function withoutAvoided(endpoints: readonly Endpoint[], avoid: Endpoint | undefined): readonly Endpoint[] {
  if (avoid === undefined || endpoints.length < 2 || !endpoints.includes(avoid)) return endpoints
  return endpoints.filter((endpoint) => endpoint !== avoid)
}
