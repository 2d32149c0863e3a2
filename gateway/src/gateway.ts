import { once } from 'node:events'
import type { Server } from 'node:http'
import { isIPv6 } from 'node:net'
import type { Logger } from 'pino'
import { createKeyring } from './auth/keyring.ts'
import type { GatewayConfig } from './config/schema.ts'
import { startDiscovery } from './discovery/discovery.ts'
import { createMetrics } from './metrics/metrics.ts'
import { createMockClient } from './relay/mock-client.ts'
import { createUndiciClient } from './relay/undici-client.ts'
import { RoundRobin } from './routing/round-robin.ts'
import { assembleSnapshot } from './routing/snapshot.ts'
import type { Services } from './routes/call.ts'
import { createGatewayServer } from './server.ts'

/** A gateway that listens. */
export interface Gateway {
  /** `http://host:port` */
  readonly url: string
  readonly port: number
  /** Stops listening, lets calls in flight finish for up to `server.drainMs`, then breaks them off. */
  close(): Promise<void>
}

/**
 * Starts a gateway.
 *
 * @throws the system's error when it cannot listen, for example `EADDRINUSE`
 */
export async function startGateway(config: GatewayConfig, log: Logger): Promise<Gateway> {
  let routing = assembleSnapshot(config, [])
  const onChange = (): void => {
    routing = assembleSnapshot(config, discovery.deployments())
  }
  const discovery = startDiscovery(config.discovery, { log, onChange })
  const upstreams = createUpstreams(config)
  const services: Services = {
    config,
    log,
    keyring: createKeyring(config.auth.keys),
    metrics: createMetrics(),
    roundRobin: new RoundRobin(),
    routing: () => routing,
    clientFor: upstreams.clientFor,
    startedAt: Math.floor(Date.now() / 1000),
  }
  let draining = false
  const server = createGatewayServer(services, () => draining)
  const stop = async (): Promise<void> => {
    draining = true
    await drain(server, config.server.drainMs)
    await Promise.all([discovery.close(), upstreams.close()])
  }
  try {
    return await listen(server, config, stop)
  } catch (error) {
    await Promise.all([discovery.close(), upstreams.close()])
    throw error
  }
}

async function listen(
  server: Server,
  { server: { host, port } }: GatewayConfig,
  stop: () => Promise<void>,
): Promise<Gateway> {
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  return { url: `http://${isIPv6(host) ? `[${host}]` : host}:${bound}`, port: bound, close: stop }
}

async function drain(server: Server, drainMs: number): Promise<void> {
  const closed = once(server, 'close')
  server.close() // and with it the idle connections
  const timer = setTimeout(() => server.closeAllConnections(), drainMs)
  await closed
  clearTimeout(timer)
}

/** One client per kind of upstream. */
function createUpstreams(config: GatewayConfig) {
  const http = createUndiciClient(config.timeouts)
  const mock = createMockClient(Date.now)
  return {
    clientFor: (url: string) => (url.startsWith('mock://') ? mock : http),
    close: async (): Promise<void> => {
      await Promise.all([http.close(), mock.close()])
    },
  }
}
