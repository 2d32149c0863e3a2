import type { Caller } from '../../auth/caller.ts'
import { GatewayConfig } from '../../config/schema.ts'
import type { Endpoint } from '../../upstreams/endpoint.ts'
import { assembleSnapshot, type Deployment, type Discovered, type RoutingSnapshot } from '../snapshot.ts'

/** A caller that may use the deployments of these projects, and what `changes` say. */
export function callerOf(projects: readonly string[], changes: Partial<Omit<Caller, 'projects'>> = {}): Caller {
  return {
    id: 'test',
    method: 'api_key',
    isShared: false,
    team: undefined,
    models: undefined,
    limits: { requestsPerWindow: null, tokensPerMinute: null, concurrency: null },
    ...changes,
    projects: new Set(projects),
  }
}

/** What of an {@link Endpoint} a test can choose. */
export interface EndpointState {
  inFlight?: number
  load?: Endpoint['load']
  refusal?: ReturnType<Endpoint['refusal']>
}

/** An endpoint in a state that the test may change; it takes no calls. */
export function endpointOf(
  upstream: string,
  url: string,
  settings: Endpoint['settings'],
  state: EndpointState = {},
): Endpoint {
  const unused = (): never => {
    throw new Error('nothing is called here')
  }
  return {
    upstream,
    url,
    settings,
    client: { start: unused, close: unused },
    get inFlight() {
      return state.inFlight ?? 0
    },
    get load() {
      return state.load
    },
    isHealthy: true,
    refusal: () => state.refusal,
    restMs: () => 0,
    isAvailable: () => state.refusal === undefined,
    begin: unused,
    end: unused,
  }
}

/** A ready deployment, given as `<project>/<deployment>`, that serves the model `llama`. */
export function deploymentOf(address: string, changes: Partial<Deployment> = {}): Deployment {
  const [project = '', name = ''] = address.split('/')
  const url = `http://${name}.${project}`
  return {
    project,
    name,
    url,
    servers: [],
    ready: true,
    stopped: false,
    models: [{ id: 'llama' }],
    created: 1,
    ...changes,
  }
}

/** The snapshot of a configuration, as it is written in a file, and of what discovery has found. */
export function snapshotOf(
  config: object,
  deployments: readonly Deployment[] = [],
  slices: Discovered['slices'] = new Map(),
): RoutingSnapshot {
  return assembleSnapshot(GatewayConfig.parse(config), { deployments, slices }, { ensure: endpointOf })
}
