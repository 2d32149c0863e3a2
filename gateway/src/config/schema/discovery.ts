import { z } from 'zod'
import { NEEDS_CLUSTER } from './kubernetes.ts'

/** Where deployments are found by watching, besides the static upstreams. */
export const Discovery = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('off').describe('off: only the upstreams are there.') }),
    z.strictObject({
      kind: z
        .literal('kubernetes')
        .describe('kubernetes: also the InferenceServices and NIMServices of the cluster that are ready.'),
      apiUrl: z.string(NEEDS_CLUSTER).describe('The API server; that of `kubernetes`, if unset.'),
      serviceAccountDir: z.string().describe('The folder of the ServiceAccount; that of `kubernetes`, if unset.'),
    }),
  ],
  { error: 'must be off or kubernetes' },
)
