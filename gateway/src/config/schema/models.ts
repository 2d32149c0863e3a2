import { z } from 'zod'
import { UpstreamName } from './upstreams.ts'

const ModelName = z.string().min(1).max(256)

const Sticky = z
  .enum(['caller', 'request'])
  .default('caller')
  .describe('caller: one caller always gets the same arm; request: every request is drawn anew.')

const Percent = z.number().min(0).max(100)

const Target = z.strictObject({
  name: UpstreamName.describe('An upstream.'),
  weight: z.number().min(0).default(1).describe('Its share, relative to the other ones; 0 means none.'),
})

const Route = z.discriminatedUnion(
  'strategy',
  [
    z.strictObject({
      strategy: z.literal('direct').describe('Everything goes to one upstream.'),
      target: UpstreamName.describe('The upstream.'),
    }),
    z.strictObject({
      strategy: z.literal('weighted').describe('Several upstreams share the requests.'),
      targets: z
        .array(Target)
        .min(1)
        .refine((targets) => targets.some(({ weight }) => weight > 0), 'the weights must not all be 0')
        .describe('The upstreams and their shares.'),
      sticky: Sticky,
    }),
    z.strictObject({
      strategy: z.literal('canary').describe('A part of the requests goes to another upstream.'),
      primary: UpstreamName.describe('Gets the rest.'),
      canary: UpstreamName.describe('Gets `percent` of the requests.'),
      percent: Percent.default(5).describe('The share of the canary.'),
      sticky: Sticky,
    }),
  ],
  { error: 'the strategy must be direct, weighted or canary' },
)

export type RouteConfig = z.infer<typeof Route>

/** What makes a request go to the next model of the chain, besides a connection that fails. */
const FallbackCause = z.enum(['connect', 'timeout', '429', '5xx', '500', '502', '503', '504'])

export type FallbackCause = z.infer<typeof FallbackCause>

/** A model that is routed by more than its name. */
export const Model = z.strictObject({
  id: ModelName.describe('What clients ask for. It wins over a deployment that serves the same id.'),
  aliases: z.array(ModelName).default([]).describe('Other names for it.'),
  served: z
    .record(UpstreamName, z.string().min(1))
    .default({})
    .describe('The name of the model at an upstream, where it is another one: `{<upstream>: <name>}`.'),
  route: Route.optional().describe('Where its requests go; by its name, if unset.'),
  fallback: z
    .strictObject({
      models: z.array(ModelName).min(1).describe('The models that are tried next, in this order.'),
      on: z
        .array(FallbackCause)
        .default(['connect', 'timeout', '429', '5xx'])
        .describe('What makes a request move on, always before the first byte of an answer.'),
    })
    .optional()
    .describe('What answers where this model does not.'),
})

export type ModelConfig = z.infer<typeof Model>
