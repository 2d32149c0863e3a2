import type { BreakerState } from './breaker.ts'
import type { ServerLoad } from './endpoint.ts'
import type { LiveEndpoint } from './live-endpoint.ts'

/** The breakers of one upstream, as `GET /v1/circuit-breakers` shows them. */
export interface BreakerView {
  readonly state: BreakerState
  readonly failure_count: number
  readonly opened_seconds: number | null
}

/** One endpoint, for administrators: it names internal addresses. */
export interface EndpointView {
  readonly upstream: string
  readonly url: string
  readonly state: BreakerState
  readonly inFlight: number
  /** Failures in a row. */
  readonly failures: number
  /** Since its breaker opened; null while that is closed. */
  readonly openedSeconds: number | null
  /** It takes calls now. */
  readonly available: boolean
  readonly health: 'healthy' | 'unhealthy' | 'unchecked'
  readonly load: Pick<ServerLoad, 'running' | 'waiting'> | null
}

/**
 * The breakers of all upstreams, by name. An upstream is as open as its best endpoint, since calls go there; the counts
 * are those of its worst.
 */
export function describeBreakers(endpoints: readonly LiveEndpoint[]): Record<string, BreakerView> {
  const views = new Map<string, BreakerView>()
  for (const endpoint of endpoints) {
    const view = breakerOf(endpoint)
    const other = views.get(endpoint.upstream)
    views.set(endpoint.upstream, other === undefined ? view : merge(other, view))
  }
  return Object.fromEntries(views)
}

/** Every endpoint with its state. */
export function describeEndpoints(endpoints: readonly LiveEndpoint[]): EndpointView[] {
  return endpoints.map((endpoint) => ({
    upstream: endpoint.upstream,
    url: endpoint.url,
    state: endpoint.breakerState,
    inFlight: endpoint.inFlight,
    failures: endpoint.failures,
    openedSeconds: openedSeconds(endpoint),
    available: endpoint.isAvailable(),
    health: healthOf(endpoint),
    load: endpoint.load === undefined ? null : { running: endpoint.load.running, waiting: endpoint.load.waiting },
  }))
}

function breakerOf(endpoint: LiveEndpoint): BreakerView {
  return {
    state: endpoint.breakerState,
    failure_count: endpoint.failures,
    opened_seconds: openedSeconds(endpoint),
  }
}

const OPENNESS = { closed: 0, half_open: 1, open: 2 } as const

function merge(one: BreakerView, other: BreakerView): BreakerView {
  return {
    state: OPENNESS[one.state] <= OPENNESS[other.state] ? one.state : other.state,
    failure_count: Math.max(one.failure_count, other.failure_count),
    opened_seconds:
      one.opened_seconds === null ? other.opened_seconds : Math.max(one.opened_seconds, other.opened_seconds ?? 0),
  }
}

function openedSeconds({ openedForMs }: LiveEndpoint): number | null {
  return openedForMs === undefined ? null : Math.floor(openedForMs / 1000)
}

function healthOf({ settings, isHealthy, url }: LiveEndpoint): EndpointView['health'] {
  if (!settings.health.enabled || !url.startsWith('http')) return 'unchecked'
  return isHealthy ? 'healthy' : 'unhealthy'
}
