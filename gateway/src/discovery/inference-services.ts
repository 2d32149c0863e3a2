import { z } from 'zod'
import type { WatchedResource } from './list-watch.ts'

/** The part of a KServe `v1beta1` InferenceService that discovery reads. */
const InferenceService = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    resourceVersion: z.string(),
    creationTimestamp: z.string().optional(),
    deletionTimestamp: z.string().optional(),
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
  /** Condition `Ready` is `True`, it has an address, and it is not being deleted. */
  readonly ready: boolean
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
  return {
    project: metadata.namespace,
    name: metadata.name,
    url,
    ready: isReady && url !== '' && metadata.deletionTimestamp === undefined,
    created: Math.floor(Date.parse(metadata.creationTimestamp ?? '') / 1000) || 0,
  }
}

function baseUrl(text: string | undefined): string {
  const url = text === undefined ? null : URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return ''
  return (url.origin + url.pathname).replace(/\/+$/, '')
}
