import type { KubeClient } from '../client.ts'
import { createApiClient } from '../http/api-client.ts'
import type { Backoff } from '../http/backoff.ts'
import type { Discovery } from '../http/discovery.ts'
import type { Transport } from '../http/transport.ts'
import type { WatchTiming } from '../watch/watch.ts'
import type { ClusterAccess } from './cluster-access.ts'
import { createUndiciTransport } from './undici-transport.ts'
import type { TransportTimeouts } from './undici-transport.ts'

/** What differs from the defaults; tests make waits short with it. */
export interface NodeKubeClientOptions {
  readonly timeouts?: TransportTimeouts
  /** Waits between repeated reads. Default 100 ms doubling to 5 s. */
  readonly retry?: Backoff
  readonly watch?: Partial<WatchTiming>
}

/** A `KubeClient` with what only Node has. */
export interface NodeKubeClient extends KubeClient, Discovery {
  /** Requests that are no verb of `KubeClient`: `/version`, `/readyz`, a pod's log. */
  readonly transport: Transport
  /** Ends watches, cuts open requests and closes all connections. */
  close(): Promise<void>
}

/**
 * A client of the API server of `access`, which `loadKubeConfig` finds.
 *
 * `const kube = createNodeKubeClient(await loadKubeConfig()); await kube.get(refTo(Kinds.Secret, { name, namespace }))`
 */
export function createNodeKubeClient(access: ClusterAccess, options: NodeKubeClientOptions = {}): NodeKubeClient {
  const life = new AbortController()
  const transport = createUndiciTransport(access, options.timeouts)
  return {
    ...createApiClient(transport, { ...options, signal: life.signal }),
    transport,
    async close() {
      life.abort()
      await transport.close()
    },
  }
}
