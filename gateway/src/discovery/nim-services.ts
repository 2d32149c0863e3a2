import { z } from 'zod'
import { secondsOf, type ObservedService } from './inference-services.ts'
import type { WatchedResource } from './list-watch.ts'

/** The part of a NIM operator `apps.nvidia.com/v1alpha1` NIMService that discovery reads. */
const NIMService = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    creationTimestamp: z.string().optional(),
    deletionTimestamp: z.string().optional(),
  }),
  spec: z.object({ replicas: z.number().optional() }).optional(),
  status: z
    .object({
      state: z.string().optional(),
      model: z.object({ clusterEndpoint: z.string().optional() }).nullish(),
    })
    .optional(),
})

/** The NIMServices of all namespaces, in clusters that have the NIM operator. */
export const NIM_SERVICES: WatchedResource<ObservedService> = {
  title: 'NIMServices',
  path: '/apis/apps.nvidia.com/v1alpha1/nimservices',
  parse: parseNIMService,
  absentMs: 60_000,
}

/** Reads one object; undefined for what is no NIMService. */
export function parseNIMService(object: unknown): ObservedService | undefined {
  const parsed = NIMService.safeParse(object)
  if (!parsed.success) return undefined
  const { metadata, spec, status } = parsed.data
  const url = urlOf(status?.model?.clusterEndpoint ?? '')
  return {
    project: metadata.namespace,
    name: metadata.name,
    url,
    // The operator names the Service like the NIMService and reports its address as cluster IP and port.
    service: metadata.name,
    ready: status?.state === 'Ready' && url !== '' && metadata.deletionTimestamp === undefined,
    stopped: spec?.replicas === 0 || metadata.deletionTimestamp !== undefined,
    created: secondsOf(metadata.creationTimestamp),
  }
}

/** The operator writes `<cluster IP>:<port>`, or a URL where KServe runs the NIM. */
function urlOf(endpoint: string): string {
  if (endpoint === '') return ''
  const url = URL.parse(/^https?:\/\//.test(endpoint) ? endpoint : `http://${endpoint}`)
  return url === null ? '' : (url.origin + url.pathname).replace(/\/+$/, '')
}
