import type { z } from 'zod'
import type { UpstreamClient } from '../../client/upstream-client.ts'
import { UpstreamSettings } from '../../config/schema/upstreams.ts'
import type { Arm } from '../../routing/candidate.ts'
import type { Endpoint } from '../endpoint.ts'
import type { EndpointChange } from '../live-endpoint.ts'
import { EndpointRegistry, type RegistryOptions } from '../registry.ts'

/** Settings that say only what a test is about. */
export function settingsOf(settings: z.input<typeof UpstreamSettings> = {}): UpstreamSettings {
  return UpstreamSettings.parse(settings)
}

/** An arm of endpoints that share settings. */
export function armOf(endpoints: readonly Endpoint[], settings: UpstreamSettings, upstream = 'worker'): Arm {
  return { upstream, endpoints, settings, model: 'llama' }
}

/** A registry on a clock of its own, whose clients call nobody and whose connections are counted. */
export function startTestRegistry(options: Partial<RegistryOptions> = {}) {
  let nowMs = 1_000
  const closed: string[] = []
  const changes: string[] = []
  const registry = new EndpointRegistry({
    clientFor: (url) => idleClient(() => closed.push(url)),
    now: () => nowMs,
    log: { info: () => undefined, warn: () => undefined },
    onState: ({ url }: Endpoint, change: EndpointChange) => void changes.push(`${url} ${change}`),
    ...options,
  })
  return { registry, closed, changes, tick: (ms: number) => void (nowMs += ms) }
}

function idleClient(onClose: () => void): UpstreamClient {
  return {
    start: () => {
      throw new Error('this client calls nobody')
    },
    close: async () => onClose(),
  }
}

/** The client of a waiting request: it can leave. */
export class TestClient {
  isClientGone = false
  #listener: (() => void) | undefined

  whenClientGone(listener: (() => void) | undefined): void {
    this.#listener = listener
    if (this.isClientGone) listener?.()
  }

  get isListened(): boolean {
    return this.#listener !== undefined
  }

  leave(): void {
    this.isClientGone = true
    this.#listener?.()
  }
}
