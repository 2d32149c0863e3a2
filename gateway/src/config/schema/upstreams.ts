import { z } from 'zod'
import { Milliseconds, Timeout } from './time.ts'

/** Names are part of log lines, metrics and headers, so they stay plain. */
export const UpstreamName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,252}$/, 'must be letters, digits and . _ : / -')

/** How long an upstream may take. */
export const Timeouts = z.strictObject({
  connectMs: Timeout.default(2_000),
  firstByteMs: Timeout.default(600_000).describe('Prefill for a stream, the whole generation otherwise.'),
  idleMs: Timeout.default(60_000).describe('Between two pieces of an answer.'),
  totalMs: Milliseconds.default(0).describe('For a whole answer that is not a stream; 0 means no limit.'),
})

export type TimeoutsConfig = z.infer<typeof Timeouts>

const Health = z.strictObject({
  enabled: z.boolean().default(true),
  path: z.string().startsWith('/').default('/v1/health/ready'),
  fallbackPath: z.string().startsWith('/').default('/health').describe('Asked where the first answers 404.'),
  intervalMs: Timeout.default(5_000),
  timeoutMs: Timeout.default(2_000),
  unhealthy: z.int().min(1).default(3).describe('Failures in a row until an endpoint gets no more calls.'),
  healthy: z.int().min(1).default(1).describe('Successes in a row until it gets calls again.'),
})

const Breaker = z.strictObject({
  consecutive: z.int().min(1).default(5).describe('Failures in a row that open it.'),
  openMs: Timeout.default(30_000).describe('How long it stays open before one call may try.'),
})

const Balance = z.strictObject({
  policy: z.enum(['roundRobin', 'p2c', 'leastLoaded', 'sessionAffinity']).default('p2c'),
  affinityHeaders: z
    .array(z.string())
    .default(['x-session-id', 'x-openwebui-chat-id'])
    .describe('The first one that a request has names its session.'),
  scrape: z
    .strictObject({ intervalMs: Timeout.default(1_000), staleMs: Timeout.default(3_000) })
    .prefault({})
    .describe('How often running and waiting requests are read from the metrics of its servers, for leastLoaded.'),
})

const Queue = z.strictObject({
  maxInFlight: z.int().min(0).default(0).describe('Calls in flight on one endpoint; 0 means no limit.'),
  maxWaiting: z.int().min(0).default(100).describe('Requests that wait for an endpoint; more are refused.'),
  timeoutMs: Timeout.default(30_000).describe('How long a request waits.'),
})

/** How the endpoints of an upstream are treated. */
export const UpstreamSettings = z.strictObject({
  timeouts: Timeouts.optional().describe('Those of the gateway, if unset.'),
  pool: z
    .strictObject({
      maxConnections: z.int().min(1).default(1024).describe('Connections to one endpoint.'),
      idleMs: Timeout.default(3_500).describe('Shorter than the servers behind keep theirs (uvicorn: 5 s).'),
    })
    .prefault({}),
  health: Health.prefault({}),
  breaker: Breaker.prefault({}),
  balance: Balance.prefault({}),
  queue: Queue.prefault({}),
  streamUsage: z.boolean().default(true).describe('It understands stream_options.include_usage.'),
  credentials: z
    .strictObject({
      header: z.string().toLowerCase().default('authorization'),
      fromEnv: z
        .string()
        .min(1)
        .describe('The environment variable with its value; Bearer is added for authorization.'),
    })
    .optional(),
})

export type UpstreamSettings = z.infer<typeof UpstreamSettings>

/** One server, or the endpoints of one Kubernetes Service. */
export const Upstream = UpstreamSettings.extend({
  name: UpstreamName,
  url: z
    .string()
    .optional()
    .describe('Everything before /v1/…, without a trailing slash; mock://local and mock://fail need no server.'),
  service: z
    .strictObject({
      namespace: z.string().min(1),
      name: z.string().min(1),
      port: z
        .union([z.int().min(1).max(65535), z.string().min(1)])
        .default('http')
        .describe('Its number or name.'),
    })
    .optional()
    .describe('A Kubernetes Service whose EndpointSlices are followed.'),
}).refine(
  ({ url, service }) => (url === undefined) !== (service === undefined),
  'must have a url or a service, not both',
)

/** A fixed upstream of the configuration. */
export type StaticUpstream = z.infer<typeof Upstream>
