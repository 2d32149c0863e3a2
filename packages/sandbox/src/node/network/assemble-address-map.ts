import type { EndpointSlice, Service } from '@nexus/kube'
import type { AddressMap } from './address-map.ts'

/** The label by which an EndpointSlice names its Service. */
const SERVICE_NAME_LABEL = 'kubernetes.io/service-name'

export interface NetworkState {
  readonly services: readonly Service[]
  readonly slices: readonly EndpointSlice[]
  /** Pod address → port in the pod → loopback port. */
  readonly podSockets: ReadonlyMap<string, ReadonlyMap<number, number>>
  /** Loopback port of the API server, which stands behind Service `kubernetes` in namespace `default`. */
  readonly apiPort?: number | undefined
}

/** The address map of everything that runs: pods by address, Services by cluster IP and by name. */
export function assembleAddressMap({ services, slices, podSockets, apiPort }: NetworkState): AddressMap {
  const sockets: Record<string, readonly number[]> = {}
  const names: Record<string, readonly string[]> = {}
  for (const [address, ports] of podSockets) {
    for (const [port, loopbackPort] of ports) sockets[`${address}:${port}`] = [loopbackPort]
  }
  const slicesOf = Map.groupBy(
    slices,
    ({ metadata }) => `${metadata.labels?.[SERVICE_NAME_LABEL]}.${metadata.namespace}`,
  )
  for (const service of services) {
    const { name, namespace = 'default' } = service.metadata
    const { clusterIP } = service.spec
    const own = slicesOf.get(`${name}.${namespace}`) ?? []
    if (isApiService(name, namespace) && clusterIP !== undefined && apiPort !== undefined) {
      names[`${name}.${namespace}`] = [clusterIP]
      for (const { port } of service.spec.ports ?? []) sockets[`${clusterIP}:${port}`] = [apiPort]
    } else if (clusterIP === 'None') {
      names[`${name}.${namespace}`] = own.flatMap(readyAddresses)
      for (const { hostname, addresses } of own.flatMap((slice) => slice.endpoints ?? [])) {
        if (hostname !== undefined) names[`${hostname}.${name}.${namespace}`] = addresses.slice(0, 1)
      }
    } else if (clusterIP !== undefined && clusterIP !== '') {
      names[`${name}.${namespace}`] = [clusterIP]
      for (const { name: portName, port } of service.spec.ports ?? []) {
        sockets[`${clusterIP}:${port}`] = own.flatMap((slice) => loopbackPorts(slice, portName, podSockets))
      }
    }
  }
  return { sockets, names }
}

function isApiService(name: string, namespace: string): boolean {
  return name === 'kubernetes' && namespace === 'default'
}

function readyAddresses(slice: EndpointSlice): string[] {
  // An endpoint that does not say is ready: EndpointConditions.ready, "nil should be interpreted as true".
  return (slice.endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses }) => addresses.slice(0, 1))
}

function loopbackPorts(
  slice: EndpointSlice,
  portName: string | undefined,
  podSockets: NetworkState['podSockets'],
): number[] {
  const port = slice.ports?.find(({ name }) => (name ?? '') === (portName ?? ''))?.port
  if (port === undefined) return []
  return readyAddresses(slice).flatMap((address) => podSockets.get(address)?.get(port) ?? [])
}
