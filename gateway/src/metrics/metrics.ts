import { collectDefaultMetrics, Registry } from 'prom-client'
import type { RoutingSnapshot } from '../routing/snapshot.ts'
import type { Endpoint } from '../upstreams/endpoint.ts'
import { isInService } from '../upstreams/in-service.ts'
import { readAvailability } from './availability.ts'
import { CounterFamily, GaugeFamily, HistogramFamily, ReadGauge, type MetricDescription } from './family.ts'
import { liveLabelsOf } from './live-labels.ts'

/** Upper bounds in seconds: short for refusals, long for generations of minutes. */
const LATENCY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]

/** Upper bounds in seconds for the time between two pieces of a stream. */
const INTER_TOKEN_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 5]

const BACKENDS = ['memory', 'redis', 'local'] as const

/** What is read when somebody asks for the metrics. */
export interface MetricSources {
  readonly endpoints: () => readonly Endpoint[]
  /** What is routed to: series of anything else are forgotten. */
  readonly routing: () => RoutingSnapshot
  /** Requests that wait for an endpoint. */
  readonly waiting: () => number
  readonly limitsBackend: () => (typeof BACKENDS)[number]
}

/** Everything the gateway counts. Labels come from closed sets: routes, methods, statuses, configured or discovered names. */
export type Metrics = ReturnType<typeof createMetrics>

/** Creates the metrics of one gateway. */
export function createMetrics() {
  const families = createFamilies()
  let routing: MetricSources['routing'] | undefined
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return {
    ...families,
    contentType: registry.contentType,
    /** Adds the gauges that are read from the running gateway. */
    follow: (sources: MetricSources): void => {
      routing = sources.routing
      follow(families, sources)
    },
    /** What there is, without its numbers; metrics of the process itself are left out. */
    describe: (): readonly MetricDescription[] => Object.values(families),
    /** All metrics in the text format of Prometheus. */
    render: async (): Promise<string> => {
      const text = await registry.metrics()
      const live = routing && liveLabelsOf(routing())
      return [text, ...Object.values(families).map((family) => family.render(live))].join('\n')
    },
  }
}

function createFamilies() {
  return {
    requests: new CounterFamily(
      'gateway_requests_total',
      'Requests answered, by method, route and status; 499 stands for a client that left.',
      ['method', 'path', 'status'],
    ),
    requestLatency: new HistogramFamily(
      'gateway_request_latency_seconds',
      'Time from the head of a request to the end of its answer.',
      LATENCY_BUCKETS,
      ['method', 'path'],
    ),
    inFlight: new GaugeFamily('gateway_in_flight_requests', 'Requests being handled.'),
    upstreamRequests: new CounterFamily(
      'gateway_upstream_requests_total',
      'Calls to upstreams; aborted ones ended because the client left.',
      ['upstream', 'status'],
    ),
    upstreamLatency: new HistogramFamily(
      'gateway_upstream_latency_seconds',
      'Time from sending a request upstream to the end of the answer.',
      LATENCY_BUCKETS,
      ['upstream'],
    ),
    rateLimited: new CounterFamily('gateway_rate_limited_total', 'Requests refused because of a limit.'),
    circuitOpen: new CounterFamily('gateway_circuit_open_total', 'How often a circuit breaker opened.', ['upstream']),
    fallbackUsed: new CounterFamily('gateway_fallback_used_total', 'Requests that moved on to a fallback model.', [
      'from_model',
      'to_model',
    ]),
    shadowRequests: new CounterFamily('gateway_shadow_requests_total', 'Copies of requests.', ['upstream', 'status']),
    shadowLatency: new HistogramFamily(
      'gateway_shadow_latency_seconds',
      'Time that copies of requests took.',
      LATENCY_BUCKETS,
      ['upstream'],
    ),
    timeToFirstToken: new HistogramFamily(
      'gateway_time_to_first_token_seconds',
      'Time from the head of a streaming request to the first piece of its answer.',
      LATENCY_BUCKETS,
      ['model', 'upstream'],
    ),
    interToken: new HistogramFamily(
      'gateway_inter_token_latency_seconds',
      'Time between two pieces of a stream.',
      INTER_TOKEN_BUCKETS,
      ['model'],
    ),
    tokens: new CounterFamily(
      'gateway_tokens_total',
      'Tokens, as upstreams report them or, where they do not, as counted.',
      ['model', 'direction', 'source'],
    ),
    streamsActive: new GaugeFamily('gateway_streams_active', 'Streams being relayed.'),
    clientAborts: new CounterFamily(
      'gateway_client_aborts_total',
      'Requests whose client left before the answer was complete.',
    ),
    streamErrors: new CounterFamily(
      'gateway_stream_errors_total',
      'Streams that broke: early before a byte was sent, mid after.',
      ['phase'],
    ),
    retries: new CounterFamily('gateway_retries_total', 'Attempts that were repeated, by what had failed.', ['reason']),
    malformedRequests: new CounterFamily(
      'gateway_malformed_requests_total',
      'What never became a request, by the code of its refusal.',
      ['code'],
    ),
    configGeneration: new GaugeFamily('gateway_config_generation', 'Counts the configurations that came into force.'),
    configReloadFailures: new CounterFamily(
      'gateway_config_reload_failures_total',
      'Changed configurations, and documents of keys, that were not valid and did not come into force.',
    ),
    usageLost: new CounterFamily(
      'gateway_usage_records_lost_total',
      'Usage records that could not be written to their file.',
    ),
    upstreamInFlight: new ReadGauge('gateway_upstream_in_flight', 'Calls under way on each endpoint.', [
      'upstream',
      'endpoint',
    ]),
    endpointState: new ReadGauge(
      'gateway_upstream_endpoint_state',
      '1 for an endpoint that takes calls, 0 for one that its health, breaker or cool-down keeps out.',
      ['upstream', 'endpoint'],
    ),
    availableEndpoints: new ReadGauge(
      'gateway_upstream_available_endpoints',
      'Endpoints that take calls; 0 for an upstream without any, absent for one that is stopped.',
      ['upstream'],
    ),
    queueDepth: new ReadGauge('gateway_queue_depth', 'Requests that wait for an endpoint.'),
    limitsBackend: new ReadGauge(
      'gateway_ratelimit_backend_state',
      '1 for what counts the limits now: memory, redis, or local while redis is gone.',
      ['backend'],
    ),
  }
}

function follow(families: ReturnType<typeof createFamilies>, sources: MetricSources): void {
  const { endpoints, routing, waiting, limitsBackend } = sources
  families.upstreamInFlight.source = () => endpoints().map(({ upstream, url, inFlight }) => [[upstream, url], inFlight])
  families.endpointState.source = () =>
    endpoints().map((endpoint) => [[endpoint.upstream, endpoint.url], isInService(endpoint) ? 1 : 0])
  families.availableEndpoints.source = () => readAvailability(routing())
  families.queueDepth.source = () => [[[], waiting()]]
  families.limitsBackend.source = () => BACKENDS.map((name) => [[name], name === limitsBackend() ? 1 : 0])
}
