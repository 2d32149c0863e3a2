import { z } from 'zod'

const Amount = z.int().min(0)

/** What one caller may use. Absent: the default's; null: no limit; 0: nothing. */
export const CallerLimits = z.strictObject({
  requestsPerWindow: Amount.nullable().optional().describe('Requests in one window.'),
  tokensPerMinute: Amount.nullable().optional().describe('Prompt and completion tokens in one minute.'),
  concurrency: Amount.nullable().optional().describe('Requests in flight.'),
})

export type CallerLimits = z.infer<typeof CallerLimits>

/** The limits of callers and how replicas share them. */
export const Limits = z.strictObject({
  default: CallerLimits.extend({
    requestsPerWindow: Amount.nullable().default(60),
    tokensPerMinute: Amount.nullable().default(null),
    concurrency: Amount.nullable().default(null),
  }).prefault({}),
  windowSeconds: z.int().min(1).max(86_400).default(60),
  redis: z
    .strictObject({
      url: z.string().min(1).describe('redis:// or rediss://; all replicas that share limits use the same one.'),
      timeoutMs: z.int().min(1).max(10_000).default(50).describe('How long a command may take.'),
      onFailure: z
        .enum(['local', 'open', 'closed'])
        .default('local')
        .describe('Without Redis: each replica grants its share, everything, or nothing.'),
      replicas: z.int().min(1).default(2).describe('Among how many replicas limits are shared without Redis.'),
    })
    .optional()
    .describe('Without it each replica counts for itself.'),
})

export type LimitsConfig = z.infer<typeof Limits>
