import { isIPv6 } from 'node:net'
import { z } from 'zod'
import type { WatchedResource } from './list-watch.ts'

const SERVICE_NAME = 'kubernetes.io/service-name'

/** The part of a `discovery.k8s.io/v1` EndpointSlice that discovery reads. */
const Slice = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    labels: z.object({ [SERVICE_NAME]: z.string() }),
  }),
  addressType: z.enum(['IPv4', 'IPv6']),
  endpoints: z
    .array(
      z.object({
        addresses: z.array(z.string()).min(1),
        conditions: z
          .object({
            ready: z.boolean().nullish(),
            serving: z.boolean().nullish(),
            terminating: z.boolean().nullish(),
          })
          .nullish(),
        targetRef: z.object({ kind: z.string().optional(), name: z.string().optional() }).nullish(),
      }),
    )
    .nullish(),
  ports: z
    .array(z.object({ name: z.string().nullish(), port: z.int().nullish(), protocol: z.string().nullish() }))
    .nullish(),
})

/** One server of a slice. */
export interface SliceEndpoint {
  readonly address: string
  /** Takes new calls. */
  readonly ready: boolean
  /** On its way out, and still able to answer. */
  readonly leaving: boolean
  /** What stands behind the address, the same for all addresses of one pod. */
  readonly target: string
}

/** A part of the servers of a Service. */
export interface EndpointSlice {
  readonly name: string
  readonly namespace: string
  /** The Service's name. */
  readonly service: string
  readonly endpoints: readonly SliceEndpoint[]
  /** TCP ports of the servers; the name is empty where the Service's port has none. */
  readonly ports: readonly { readonly name: string; readonly port: number }[]
}

/** A Service as {@link EndpointSlice}s are looked up by it: `<namespace>/<name>`. */
export function keyOfService({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`
}

/**
 * The EndpointSlices that a selector takes.
 *
 * @param title how the log calls them
 * @param path `/namespaces/<namespace>`, or nothing for all of them
 */
export function endpointSlices(title: string, labelSelector: string, path = ''): WatchedResource<EndpointSlice> {
  return {
    title,
    path: `/apis/discovery.k8s.io/v1${path}/endpointslices`,
    query: { labelSelector },
    parse: parseEndpointSlice,
  }
}

/** The EndpointSlices of one Service. */
export function endpointSlicesOf({
  namespace,
  name,
}: {
  readonly namespace: string
  readonly name: string
}): WatchedResource<EndpointSlice> {
  const title = `EndpointSlices of Service ${name} in ${namespace}`
  return endpointSlices(title, `${SERVICE_NAME}=${name}`, `/namespaces/${encodeURIComponent(namespace)}`)
}

/** Reads one object; undefined for what is no EndpointSlice of a Service, or one of host names. */
export function parseEndpointSlice(object: unknown): EndpointSlice | undefined {
  const parsed = Slice.safeParse(object)
  if (!parsed.success) return undefined
  const { metadata, endpoints, ports } = parsed.data
  return {
    name: metadata.name,
    namespace: metadata.namespace,
    service: metadata.labels[SERVICE_NAME],
    endpoints: (endpoints ?? []).map(({ addresses, conditions, targetRef }) => {
      // All addresses of one entry lead to the same server; the first is the one to use (kubernetes/kubernetes#106267).
      const [address = ''] = addresses
      // Unset means: ready, and serving what is ready.
      const ready = conditions?.ready ?? true
      const leaving = (conditions?.serving ?? ready) && (conditions?.terminating ?? false)
      const target = targetRef?.name === undefined ? address : `${targetRef.kind ?? ''}/${targetRef.name}`
      return { address, ready, leaving, target }
    }),
    ports: (ports ?? []).flatMap(({ name, port, protocol }) =>
      typeof port === 'number' && (protocol ?? 'TCP') === 'TCP' ? [{ name: name ?? '', port }] : [],
    ),
  }
}

/**
 * The addresses of the servers in all slices of a Service, as `http://host:port`, sorted. A server that is in several
 * slices, as in those of both address families, counts once, with IPv4 if it has it. Where nobody is ready those that
 * are on their way out and still answer are better than nobody.
 *
 * @param port of the servers, by number or by the name that the Service gives it; unset: the one that looks like HTTP. A
 *   Service with a single port is taken at that, whatever it is called
 */
export function addressesOf(slices: readonly EndpointSlice[], port?: number | string): string[] {
  const ready = collect(slices, port, (endpoint) => endpoint.ready)
  return ready.length > 0 ? ready : collect(slices, port, (endpoint) => endpoint.leaving)
}

function collect(
  slices: readonly EndpointSlice[],
  port: number | string | undefined,
  isUsable: (endpoint: SliceEndpoint) => boolean,
): string[] {
  const byTarget = new Map<string, string>()
  for (const slice of slices) {
    const number = portOf(slice, port)
    if (number === undefined) continue
    for (const endpoint of slice.endpoints) {
      if (!isUsable(endpoint)) continue
      const isV6 = isIPv6(endpoint.address)
      if (isV6 && byTarget.has(endpoint.target)) continue
      byTarget.set(endpoint.target, `http://${isV6 ? `[${endpoint.address}]` : endpoint.address}:${number}`)
    }
  }
  return [...new Set(byTarget.values())].sort()
}

function portOf({ ports }: EndpointSlice, wanted: number | string | undefined): number | undefined {
  if (ports.length === 1) return ports[0]?.port
  const named = (name: string): number | undefined => ports.find((port) => port.name === name)?.port
  if (typeof wanted === 'string') return named(wanted)
  if (wanted !== undefined) return ports.find(({ port }) => port === wanted)?.port
  return named('http') ?? named('api') ?? ports.find(({ name }) => name.startsWith('http'))?.port ?? ports[0]?.port
}
