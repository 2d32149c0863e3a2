import type { ObjectStore } from '../store/store.ts'
import { stringAt } from './fields.ts'
import { StatusError } from '../status.ts'

/** The address of Service `kubernetes`, the first of the range as on every cluster. */
export const KUBERNETES_ADDRESS = '10.96.0.1'

/** Whether Services can have this address. */
export function isClusterAddress(address: string): boolean {
  return address.startsWith('10.96.')
}

/** 10.96.0.0/16 without its first eleven addresses, which clusters keep for Services with fixed addresses (DNS at .10). */
const FIRST = 11
const LAST = 65_534

/**
 * The lowest free address of 10.96.0.0/16. Nobody dials these addresses: they stand for a Service in the one address map
 * of the node agent.
 */
export function allocateClusterAddress(store: ObjectStore): string {
  const taken = new Set(store.list('services').map((service) => stringAt(service, 'spec', 'clusterIP')))
  for (let offset = FIRST; offset <= LAST; offset++) {
    const address = `10.96.${offset >> 8}.${offset & 255}`
    if (!taken.has(address)) return address
  }
  throw new StatusError(500, 'InternalError', 'failed to allocate a serviceIP: range is full')
}
