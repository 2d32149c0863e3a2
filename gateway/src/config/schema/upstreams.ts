import { z } from 'zod'
import { addressProblem } from './address.ts'
import { Milliseconds, Timeout } from './time.ts'

/** Names are part of log lines, metrics and headers, so they stay plain. */
export const UpstreamName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,252}$/, 'must be letters, digits and . _ : / -')

/** How long an upstream may take. */
export const Timeouts = z.strictObject({
  connectMs: Timeout.default(2_000).describe('Until a connection is there.'),
  firstByteMs: Timeout.default(600_000).describe('Prefill for a stream, the whole generation otherwise.'),
  idleMs: Timeout.default(60_000).describe('Between two pieces of an answer.'),
  totalMs: Milliseconds.default(0).describe('For a whole answer that is not a stream; 0 means no limit.'),
})

export type TimeoutsConfig = z.infer<typeof Timeouts>

const Health = z.strictObject({
  enabled: z.boolean().default(true).describe('Endpoints are asked for their health.'),
  path: z.string().startsWith('/').default('/v1/health/ready').describe('What is asked.'),
  fallbackPath: z.string().startsWith('/').default('/health').describe('Asked where the first answers 404.'),
  intervalMs: Timeout.default(5_000).describe('How often.'),
  timeoutMs: Timeout.default(2_000).describe('How long the answer may take.'),
  unhealthy: z.int().min(1).default(3).describe('Failures in a row until an endpoint gets no more calls.'),
  healthy: z.int().min(1).default(1).describe('Successes in a row until it gets calls again.'),
})

const Breaker = z.strictObject({
  consecutive: z.int().min(1).default(5).describe('Failures in a row that open it.'),
  openMs: Timeout.default(30_000).describe('How long it stays open before one call may try.'),
})

const Balance = z.strictObject({
  policy: z
    .enum(['roundRobin', 'p2c', 'leastLoaded', 'sessionAffinity'])
    .default('p2c')
    .describe(
      'roundRobin: in turns; p2c: of two at random the one with fewer calls; leastLoaded: by what servers say of their load; sessionAffinity: one session stays at one endpoint.',
    ),
  affinityHeaders: z
    .array(z.string().min(1).toLowerCase())
    .default(['x-session-id', 'x-openwebui-chat-id'])
    .describe('The first one that a request has names its session.'),
  scrape: z
    .strictObject({
      intervalMs: Timeout.default(1_000).describe('How often.'),
      staleMs: Timeout.default(3_000).describe('Older figures do not count.'),
    })
    .prefault({})
    .describe('Running and waiting requests are read from the metrics of the servers, for leastLoaded.'),
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
      maxConnections: z.int().min(1).default(4096).describe('Connections to one endpoint.'),
      idleMs: Timeout.default(3_500).describe('Shorter than the servers behind keep theirs (uvicorn: 5 s).'),
    })
    .prefault({})
    .describe('Connections to each endpoint.'),
  health: Health.prefault({}).describe('Active checks.'),
  breaker: Breaker.prefault({}).describe(
    'The circuit breaker of each endpoint. Answers 4xx do not count, 429 makes a pause.',
  ),
  balance: Balance.prefault({}).describe('Which endpoint of an upstream takes a call.'),
  queue: Queue.prefault({}).describe('Where requests wait while every endpoint is busy.'),
  streamUsage: z.boolean().default(true).describe('It understands stream_options.include_usage.'),
  credentials: z
    .strictObject({
      header: z.string().toLowerCase().default('authorization').describe('The header that carries it.'),
      fromEnv: z
        .string()
        .min(1)
        .describe('The environment variable with its value; Bearer is added for authorization.'),
    })
    .optional()
    .describe('What the gateway shows to the upstream. Nothing, if unset: credentials of clients are never passed on.'),
})

export type UpstreamSettings = z.infer<typeof UpstreamSettings>

/** The settings of an upstream that does not say otherwise, and of every deployment that discovery finds. */
export const UpstreamDefaults = UpstreamSettings.omit({ credentials: true })

/** Everything before `/v1/…`; a slash at the end does not count. */
const Address = z
  .string()
  .overwrite((address) => address.trim().replace(/\/+$/, ''))
  .check(({ value, issues }) => {
    const message = addressProblem(value)
    // The address itself is left out: it may carry a password.
    if (message !== undefined) issues.push({ code: 'custom', input: undefined, path: [], message })
  })

/** One server, or the endpoints of one Kubernetes Service. */
export const Upstream = z
  .strictObject({
    name: UpstreamName.describe(
      'Its name in routes, logs and metrics; asked for as a model, it is the upstream itself.',
    ),
    url: Address.optional().describe(
      'Everything before /v1/…: http:// or https://; mock://local and mock://fail need no server.',
    ),
    service: z
      .strictObject({
        namespace: z.string().min(1).describe('Its namespace.'),
        name: z.string().min(1).describe('Its name.'),
        port: z
          .union([z.int().min(1).max(65535), z.string().min(1)])
          .default('http')
          .describe('Its number or name.'),
      })
      .optional()
      .describe('A Kubernetes Service whose EndpointSlices are followed.'),
    ...UpstreamSettings.shape,
  })
  .refine(
    ({ url, service }) => (url === undefined) !== (service === undefined),
    'must have a url or a service, not both',
  )

/** A fixed upstream of the configuration. */
export type StaticUpstream = z.infer<typeof Upstream>
