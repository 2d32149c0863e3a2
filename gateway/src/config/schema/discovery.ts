import { z } from 'zod'

/** Where deployments are found by watching, besides the static upstreams. */
export const Discovery = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('off') }),
  z.strictObject({
    kind: z.literal('kubernetes'),
    apiUrl: z.string().describe('The API server, as https://host:port.'),
    serviceAccountDir: z
      .string()
      .describe('Folder with the files token and ca.crt; both are read again as they rotate.'),
  }),
])

export type Discovery = z.infer<typeof Discovery>
