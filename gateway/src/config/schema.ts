import { z } from 'zod'

const MIB = 1024 * 1024

/** The longest that a timer of Node can wait; it takes anything longer for 1 ms. */
const LONGEST_MS = 2 ** 31 - 1

const Milliseconds = z.int().max(LONGEST_MS, `must be at most ${Math.floor(LONGEST_MS / 1000)} seconds`)
const Timeout = Milliseconds.min(1, 'must be more than 0 seconds')

/** A namespace whose deployments a key may use; `*` stands for all of them. */
const ProjectName = z.string().regex(/^(\*|[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)$/, 'must be a namespace or *')

const ApiKey = z.strictObject({
  key: z.string().min(1),
  projects: z.array(ProjectName).default([]).describe('Namespaces whose deployments this key may use; * means all.'),
})

/** Names are part of log lines, metrics and headers, so they stay plain. */
const UpstreamName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,252}$/, 'must be letters, digits and . _ : / -')

const StaticUpstream = z.strictObject({
  name: UpstreamName,
  /** Everything before `/v1/…`, without a trailing slash; `mock://local` and `mock://fail` need no server. */
  url: z.string(),
})

/** A fixed upstream of the configuration. */
export type StaticUpstream = z.infer<typeof StaticUpstream>

const Discovery = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('off') }),
  z.strictObject({
    kind: z.literal('kubernetes'),
    apiUrl: z.string().describe('The API server, as https://host:port.'),
    serviceAccountDir: z
      .string()
      .describe('Folder with the files token and ca.crt; both are read again as they rotate.'),
  }),
])

/** Where deployments are found by watching, besides the static upstreams. */
export type Discovery = z.infer<typeof Discovery>

/**
 * The whole configuration of the gateway. Sources translate into this one shape; its defaults and rules are nowhere else.
 */
export const GatewayConfig = z
  .strictObject({
    server: z
      .strictObject({
        host: z.string().min(1).default('127.0.0.1'),
        port: z.int().min(0).max(65535).default(8000).describe('0 lets the system choose.'),
        maxBodyBytes: z
          .int()
          .min(1024)
          .max(1024 * MIB)
          .default(20 * MIB),
        drainMs: Milliseconds.min(0).default(30_000).describe('How long a stopping gateway waits for calls in flight.'),
        clientStallMs: Timeout.default(120_000).describe('How long a client may leave its answer unread.'),
      })
      .prefault({}),
    auth: z.strictObject({ keys: z.array(ApiKey).default([]) }).prefault({}),
    upstreams: z.array(StaticUpstream).default([]),
    defaultUpstream: UpstreamName.optional().describe('Serves the models that nothing else serves.'),
    discovery: Discovery.default({ kind: 'off' }),
    timeouts: z
      .strictObject({
        connectMs: Timeout.default(2_000),
        firstByteMs: Timeout.default(600_000).describe('Prefill for a stream, the whole generation otherwise.'),
        idleMs: Timeout.default(60_000).describe('Between two pieces of an answer.'),
      })
      .prefault({}),
    logLevel: z.enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug']).default('info'),
  })
  .check(({ value, issues }) => {
    const names = value.upstreams.map((upstream) => upstream.name)
    for (const name of new Set(names.filter((name, index) => names.indexOf(name) !== index))) {
      issues.push({ code: 'custom', input: name, path: ['upstreams'], message: `the name ${name} is used twice` })
    }
    const fallback = value.defaultUpstream
    if (fallback !== undefined && !names.includes(fallback)) {
      const known = names.length === 0 ? 'there are no upstreams' : `the upstreams are ${names.join(', ')}`
      issues.push({
        code: 'custom',
        input: fallback,
        path: ['defaultUpstream'],
        message: `no upstream is named ${fallback}; ${known}`,
      })
    }
  })

/** A validated configuration. */
export type GatewayConfig = z.infer<typeof GatewayConfig>
