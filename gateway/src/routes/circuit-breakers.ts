import { mayUseProject } from '../auth/caller.ts'
import type { Endpoint } from '../upstreams/endpoint.ts'
import { describeBreakers } from '../upstreams/describe.ts'
import type { AuthenticatedCall } from './call.ts'
import { answerJson } from './json.ts'

/** `GET /v1/circuit-breakers`: the breakers of this replica, by upstream, of those that the caller may use. */
export async function answerCircuitBreakers(call: AuthenticatedCall): Promise<void> {
  const { snapshot, services, caller } = call
  const { upstreams, deployments } = snapshot.routing
  const usable = [...deployments.values()].filter(({ project }) => mayUseProject(caller, project))
  const pools = [...upstreams.values(), ...usable.map(({ pool }) => pool)]
  const visible = new Set<Endpoint>(pools.flatMap(({ endpoints }) => endpoints))
  answerJson(call, describeBreakers(services.registry.endpoints().filter((endpoint) => visible.has(endpoint))))
}
