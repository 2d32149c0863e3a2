import { z } from 'zod'
import { UpstreamName } from './upstreams.ts'

/** Copies of requests to another upstream, whose answers nobody sees. */
export const Shadow = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Copies are sent.'),
    percent: z.number().min(0).max(100).default(0).describe('Of how many requests a copy is sent.'),
    target: UpstreamName.optional().describe('The upstream that gets them.'),
    maxConcurrent: z.int().min(1).default(16).describe('Copies under way; more are not sent.'),
  })
  .refine(({ enabled, target }) => !enabled || target !== undefined, 'needs a target')

/** What logs may say of people. */
export const Privacy = z.strictObject({
  maskIp: z.boolean().default(true).describe('Client addresses lose their last part.'),
  hashSalt: z.string().optional().describe('Makes hashes of callers unguessable; drawn at start, if unset.'),
})

export type PrivacyConfig = z.infer<typeof Privacy>

/** One line for every decision about a credential. */
export const Audit = z.strictObject({
  enabled: z.boolean().default(true).describe('Admissions are logged; refusals always are.'),
})

/** One record for every request that was answered, for counting and billing. */
export const Usage = z.strictObject({
  enabled: z.boolean().default(true).describe('Records are written.'),
  file: z.string().min(1).optional().describe('A file of JSON lines; the log, if unset.'),
})

export type UsageConfig = z.infer<typeof Usage>
