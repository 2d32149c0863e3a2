import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** Upper bounds in seconds: short for refusals, long for generations of minutes. */
const LATENCY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]

/** How a call to an upstream ended. */
export type UpstreamResult = 'success' | 'error' | 'aborted'

/** Everything the gateway counts. Labels come from closed sets: routes, methods, statuses, configured or discovered upstreams. */
export type Metrics = ReturnType<typeof createMetrics>

/** Creates the metrics of one gateway, in a registry of its own. */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  return {
    registry,
    requests: new Counter({
      name: 'gateway_requests_total',
      help: 'Requests answered, by method, route and status; 499 stands for a client that left.',
      labelNames: ['method', 'path', 'status'] as const,
      registers,
    }),
    requestLatency: new Histogram({
      name: 'gateway_request_latency_seconds',
      help: 'Time from the head of a request to the end of its answer.',
      labelNames: ['method', 'path'] as const,
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    inFlight: new Gauge({ name: 'gateway_in_flight_requests', help: 'Requests being handled.', registers }),
    upstreamRequests: new Counter({
      name: 'gateway_upstream_requests_total',
      help: 'Calls to upstreams; aborted ones ended because the client left.',
      labelNames: ['upstream', 'status'] as const,
      registers,
    }),
    upstreamLatency: new Histogram({
      name: 'gateway_upstream_latency_seconds',
      help: 'Time from sending a request upstream to the end of the answer.',
      labelNames: ['upstream'] as const,
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    timeToFirstToken: new Histogram({
      name: 'gateway_time_to_first_token_seconds',
      help: 'Time from the head of a streaming request to the first byte of the answer.',
      labelNames: ['upstream'] as const,
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    clientAborts: new Counter({
      name: 'gateway_client_aborts_total',
      help: 'Requests whose client left before the answer was complete.',
      registers,
    }),
  }
}
