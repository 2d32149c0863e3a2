import { z } from 'zod'
import { Milliseconds, Timeout } from './time.ts'

const MIB = 1024 * 1024
const Port = z.int().min(0).max(65535)

const Fields = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('The address it listens on; 0.0.0.0 or :: for all of them.'),
  port: Port.default(8000).describe('0 lets the system choose.'),
  adminHost: z.string().min(1).optional().describe('Where the admin port listens; `host`, if unset.'),
  adminPort: Port.optional().describe('A second port for admin and metrics; none, if unset.'),
  adminToken: z.string().min(1).optional().describe('Bearer token of the admin endpoints; without it they are closed.'),
  publicMetrics: z.boolean().default(true).describe('GET /metrics is answered on the main port too.'),
  maxBodyBytes: z
    .int()
    .min(1024)
    .max(1024 * MIB)
    .default(20 * MIB)
    .describe('Larger requests are answered 413.'),
  maxHeaderBytes: z
    .int()
    .min(4096)
    .max(MIB)
    .default(16 * 1024)
    .describe('Larger request heads are answered 431.'),
  headersTimeoutMs: Timeout.default(30_000).describe('Time for a whole request head.'),
  bodyTimeoutMs: Timeout.default(300_000).describe('Time for a whole request, body included.'),
  keepAliveMs: Timeout.default(75_000).describe('How long an idle client connection is kept.'),
  maxConnectionsPerIp: z.int().min(0).default(0).describe('Client connections of one address; 0 means no limit.'),
  clientStallMs: Timeout.default(120_000).describe('How long a client may leave its answer unread.'),
  heartbeatMs: Milliseconds.default(15_000).describe('Comment events in silent streams, that often; 0 means none.'),
  drain: z
    .strictObject({
      preStopMs: Milliseconds.default(0).describe('How long a stopping gateway goes on to accept calls, not ready.'),
      maxMs: Milliseconds.default(30_000).describe('How long it then waits for calls in flight.'),
    })
    .prefault({})
    .describe('How it stops: a second signal ends it at once.'),
})

export type ServerConfig = z.infer<typeof Fields>

/** Where the gateway listens and what it accepts there. */
export const Server = Fields.check(({ value, issues }) => {
  if (!sharesPort(value)) return
  const message = `must be another port than server.port, which is ${value.port}`
  issues.push({ code: 'custom', input: value.adminPort, path: ['adminPort'], message })
})

/** Both ports are one on addresses that overlap; 0 is a port of its own each time. */
function sharesPort({ host, port, adminHost = host, adminPort }: ServerConfig): boolean {
  return port !== 0 && port === adminPort && (host === adminHost || [host, adminHost].some(isEveryAddress))
}

function isEveryAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}
