import { z } from 'zod'

/** What is wrong where something needs a cluster and nothing says how to reach one. */
export const NEEDS_CLUSTER =
  'needs KUBERNETES_SERVICE_HOST: run in a pod, or set kubernetes.apiUrl (GATEWAY_KUBERNETES_API_URL)'

/** How the API of the cluster is reached: by discovery, by upstreams that name a Service, and by `auth.secret`. */
export const Kubernetes = z.strictObject({
  apiUrl: z
    .url({
      protocol: /^https?$/,
      error: 'must be https://host:port; in a pod, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT say it',
    })
    .optional()
    .describe('The API server, as https://host:port; that of the pod it runs in, if unset.'),
  serviceAccountDir: z
    .string()
    .min(1)
    .default('/var/run/secrets/kubernetes.io/serviceaccount')
    .describe('Folder with the files token, ca.crt and namespace; all are read again as they rotate.'),
  namespace: z.string().min(1).optional().describe('Its own namespace; that of the ServiceAccount, if unset.'),
})
