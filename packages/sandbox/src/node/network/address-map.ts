// Pods and Services have addresses of a virtual cluster network that nobody dials: this map says which loopback socket
// stands for each of them. It is plain data, written to a file by the agent and read by the programs' preload.

/** The virtual networks, as prefixes of their addresses: pods 10.244.0.0/16, Services 10.96.0.0/16. */
const VIRTUAL_PREFIXES = ['10.244.', '10.96.'] as const
const CLUSTER_SUFFIXES = ['.svc.cluster.local', '.svc'] as const

export interface AddressMap {
  /** `10.96.0.7:80` → loopback ports of ready endpoints; an empty list is a Service without one. */
  readonly sockets: Readonly<Record<string, readonly number[]>>
  /** `service.namespace` → virtual addresses: the cluster IP, or those of the ready pods where it is headless. */
  readonly names: Readonly<Record<string, readonly string[]>>
}

export const emptyAddressMap: AddressMap = { sockets: {}, names: {} }

/** What stands behind a host name. */
export type NameAnswer =
  | { readonly type: 'outside' }
  | { readonly type: 'addresses'; readonly addresses: readonly string[] }
  /** A name of the cluster that nothing has. */
  | { readonly type: 'unknown' }

/** What stands behind a host and port. */
export type RouteAnswer =
  | { readonly type: 'outside' }
  | { readonly type: 'sockets'; readonly ports: readonly number[] }
  | { readonly type: 'refused'; readonly address: string }
  | { readonly type: 'unknown' }

/**
 * Resolves `host` as a pod of `namespace` would: `<svc>`, `<svc>.<ns>`, `<svc>.<ns>.svc` and
 * `<svc>.<ns>.svc.cluster.local`. Names of the first two forms that no Service has are left to the machine's resolver.
 */
export function resolveName(map: AddressMap, host: string, namespace: string): NameAnswer {
  const name = host.toLowerCase().replace(/\.$/, '')
  if (isVirtualAddress(name)) return { type: 'addresses', addresses: [name] }
  const suffix = CLUSTER_SUFFIXES.find((ending) => name.endsWith(ending))
  const service = suffix === undefined ? name : name.slice(0, -suffix.length)
  // As the search list of a pod: its own namespace first. `web-0.web` is a pod of a headless Service.
  const known = map.names[`${service}.${namespace}`] ?? map.names[service]
  if (known !== undefined && known.length > 0) return { type: 'addresses', addresses: known }
  return known === undefined && suffix === undefined ? { type: 'outside' } : { type: 'unknown' }
}

/**
 * The loopback sockets behind `host:port`, as a pod of `namespace` would reach them. On loopback a pod finds its own ports:
 * what else listens on this machine is left alone.
 */
export function route(
  map: AddressMap,
  target: { host: string; port: number },
  namespace: string,
  podIP?: string,
): RouteAnswer {
  const own = podIP !== undefined && isLoopback(target.host) ? map.sockets[`${podIP}:${target.port}`] : undefined
  if (own !== undefined) return { type: 'sockets', ports: own }
  const name = resolveName(map, target.host, namespace)
  if (name.type !== 'addresses') return name
  const ports = name.addresses.flatMap((address) => map.sockets[`${address}:${target.port}`] ?? [])
  if (ports.length > 0) return { type: 'sockets', ports }
  return { type: 'refused', address: name.addresses[0] ?? target.host }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '127.0.0.1' || host === '::1'
}

/** True for an address of the virtual networks. */
export function isVirtualAddress(host: string): boolean {
  return VIRTUAL_PREFIXES.some((prefix) => host.startsWith(prefix)) && /^[\d.]+$/.test(host)
}
