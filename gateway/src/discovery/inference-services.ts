import { z } from 'zod'
import type { WatchedResource } from './list-watch.ts'

/** `true`, in any case, has KServe take all pods away. */
const STOP = 'serving.kserve.io/stop'

/** The part of a KServe `v1beta1` InferenceService that discovery reads. */
const InferenceService = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    creationTimestamp: z.string().optional(),
    deletionTimestamp: z.string().optional(),
    annotations: z.object({ [STOP]: z.string().optional() }).nullish(),
  }),
  status: z
    .object({
      address: z.object({ url: z.string().optional() }).optional(),
      conditions: z.array(z.object({ type: z.string(), status: z.string() })).optional(),
    })
    .optional(),
})

/** An InferenceService as the gateway sees it. */
export interface ObservedService {
  readonly project: string
  readonly name: string
  /** Everything before `/v1/…`; empty until KServe has set an http address. */
  readonly url: string
  /** The Kubernetes Service that this address is of, in the same namespace; undefined, if that cannot be told. */
  readonly service: string | undefined
  /** Condition `Ready` is `True`, it has an address, and it is not being deleted. */
  readonly ready: boolean
  /** It is stopped or being deleted: that it is not ready is meant. */
  readonly stopped: boolean
  /** Seconds since 1970. */
  readonly created: number
}

/** The InferenceServices of all namespaces. */
export const INFERENCE_SERVICES: WatchedResource<ObservedService> = {
  title: 'InferenceServices',
  path: '/apis/serving.kserve.io/v1beta1/inferenceservices',
  parse: parseInferenceService,
}

/** Reads one object; undefined for what is no InferenceService, so that one odd object does not hide the others. */
export function parseInferenceService(object: unknown): ObservedService | undefined {
  const parsed = InferenceService.safeParse(object)
  if (!parsed.success) return undefined
  const { metadata, status } = parsed.data
  const url = baseUrl(status?.address?.url)
  const isReady = status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false
  const isStopped = metadata.annotations?.[STOP]?.toLowerCase() === 'true'
  return {
    project: metadata.namespace,
    name: metadata.name,
    url,
    service: serviceOf(url, metadata.namespace),
    ready: isReady && url !== '' && metadata.deletionTimestamp === undefined,
    stopped: isStopped || metadata.deletionTimestamp !== undefined,
    created: secondsOf(metadata.creationTimestamp),
  }
}

function baseUrl(text: string | undefined): string {
  const url = text === undefined ? null : URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return ''
  return (url.origin + url.pathname).replace(/\/+$/, '')
}

/** The Service in `http://<service>.<namespace>.svc…`. A pod does not show the certificate of its Service: http only. */
function serviceOf(url: string, namespace: string): string | undefined {
  const [service, owner, kind] = url.startsWith('http://') ? new URL(url).hostname.split('.') : []
  return owner === namespace && kind === 'svc' ? service : undefined
}

/** A Kubernetes time in seconds since 1970; 0 for none. */
export function secondsOf(time: string | undefined): number {
  return Math.floor(Date.parse(time ?? '') / 1000) || 0
}
