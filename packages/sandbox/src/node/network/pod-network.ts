import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Kinds, startInformer } from '@nexus/kube'
import type { EndpointSlice, Informer, KubeClient, Service } from '@nexus/kube'
import { assembleAddressMap } from './assemble-address-map.ts'
import type { AddressMap } from './address-map.ts'
import { LoopbackPorts } from './loopback-port.ts'
import { writeAddressMap } from './map-file.ts'

/** A change waits this long for others: with a thousand Services the map is long, and they come one by one. */
const GATHER_MS = 5

export interface PodNetworkOptions {
  readonly kube: KubeClient
  /** Folder of the map file. */
  readonly dir: string
  readonly apiPort?: number | undefined
  readonly signal: AbortSignal
  readonly log: (message: string) => void
}

/** The addresses of the node's pods, and the map of them and of all Services, kept current in its file. */
export class PodNetwork {
  readonly mapPath: string
  /** The ports that stand for those of pods. */
  readonly ports = new LoopbackPorts()
  readonly #options: PodNetworkOptions
  readonly #services: Informer<Service>
  readonly #slices: Informer<EndpointSlice>
  readonly #podSockets = new Map<string, Map<number, number>>()
  readonly #addresses = new Set<string>()
  readonly #lastHosts = new Map<number, number>()
  #map: AddressMap | undefined
  #writing = Promise.resolve()
  #due = false

  constructor(options: PodNetworkOptions) {
    const { kube, signal, dir, log } = options
    const onError = (error: unknown): void => log(`address map: ${String(error)}`)
    this.#options = options
    this.mapPath = join(dir, 'address-map.json')
    this.#services = startInformer(kube, { kind: Kinds.Service }, { signal, onError })
    this.#slices = startInformer(kube, { kind: Kinds.EndpointSlice }, { signal, onError })
    this.#services.onChange(() => this.#change())
    this.#slices.onChange(() => this.#change())
  }

  /** Resolves when the Services of the cluster are in the map. */
  async synced(): Promise<void> {
    await Promise.all([this.#services.synced, this.#slices.synced])
    this.#change()
    await this.#writing
  }

  /** The map as it is now. */
  map(): AddressMap {
    this.#map ??= assembleAddressMap({
      services: this.#services.list(),
      slices: this.#slices.list(),
      podSockets: this.#podSockets,
      apiPort: this.#options.apiPort,
    })
    return this.#map
  }

  /** An address for a pod, 10.244.<subnet>.x: `wanted`, the one it had, where it is free. */
  claimAddress(subnet: number, wanted: string | undefined): string {
    const address = wanted !== undefined && this.#isFree(subnet, wanted) ? wanted : this.#nextAddress(subnet)
    this.#addresses.add(address)
    return address
  }

  releaseAddress(address: string): void {
    this.#addresses.delete(address)
    this.#podSockets.delete(address)
    this.#change()
  }

  /** From now on `address:port` is loopback port `loopbackPort`. Resolves when programs can see it. */
  async open(address: string, port: number, loopbackPort: number): Promise<void> {
    const ports = this.#podSockets.get(address) ?? new Map<number, number>()
    this.#podSockets.set(address, ports.set(port, loopbackPort))
    this.#change()
    await this.#writing
  }

  /** From now on nothing listens on `address:port`, unless it is a later socket already. */
  close(address: string, port: number, loopbackPort: number): void {
    const ports = this.#podSockets.get(address)
    if (ports?.get(port) !== loopbackPort) return
    ports.delete(port)
    this.#change()
  }

  /** The loopback port behind a pod's port. */
  loopbackPort(address: string, port: number): number | undefined {
    return this.#podSockets.get(address)?.get(port)
  }

  /** Resolves when nothing is being written. */
  settled(): Promise<void> {
    return this.#writing
  }

  #isFree(subnet: number, address: string): boolean {
    return address.startsWith(`10.244.${subnet}.`) && !this.#addresses.has(address)
  }

  /** Round and round, so that the address of a pod that has just gone is not the next one's. */
  #nextAddress(subnet: number): string {
    let host = this.#lastHosts.get(subnet) ?? 1
    for (let tries = 0; tries < 253; tries++) {
      host = host >= 254 ? 2 : host + 1
      const address = `10.244.${subnet}.${host}`
      if (!this.#isFree(subnet, address)) continue
      this.#lastHosts.set(subnet, host)
      return address
    }
    throw new Error(`the node has no pod address left in 10.244.${subnet}.0/24`)
  }

  /** Changes that come together are one assembly and one write. */
  #change(): void {
    this.#map = undefined
    if (this.#due) return
    this.#due = true
    this.#writing = this.#writing
      .then(() => delay(GATHER_MS))
      .then(() => {
        this.#due = false
        return writeAddressMap(this.mapPath, this.map())
      })
      .catch((error: unknown) => this.#options.log(`address map: ${String(error)}`))
  }
}
