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
    requestsPerWindow: Amount.nullable().default(60).describe('Requests in one window; null means no limit.'),
    tokensPerMinute: Amount.nullable()
      .default(null)
      .describe('Prompt and completion tokens in one minute; null means no limit.'),
    concurrency: Amount.nullable().default(null).describe('Requests in flight; null means no limit.'),
  })
    .prefault({})
    .describe('What a caller may use whose key or token says nothing else.'),
  windowSeconds: z.int().min(1).max(86_400).default(60).describe('How long a window of requestsPerWindow is.'),
  redis: z
    .strictObject({
      url: z
        .string()
        .refine(
          (url) => /^rediss?:\/\/./.test(url) && URL.canParse(url),
          'must be redis://host:port or rediss://host:port',
        )
        .describe('redis:// or rediss://; all replicas that share limits use the same one.'),
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
