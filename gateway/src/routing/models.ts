import { mayUseProject, type Caller } from '../auth/caller.ts'
import { GatewayError } from '../errors.ts'
import { planRoute } from './plan.ts'
import type { RoutingSnapshot } from './snapshot.ts'

/** One entry of `GET /v1/models`. */
export interface Model {
  readonly id: string
  readonly object: 'model'
  /** Seconds since 1970. */
  readonly created: number
  readonly owned_by: string
}

/**
 * The names a caller can put into `model` and be served: configured models and their aliases, addresses of ready
 * deployments, the ids and adapters they serve, and the static upstreams. An id that is served in several of the
 * caller's projects is left out, since asking for it is an error; its addresses are there.
 *
 * @param startedAt the `created` of what is configured, in seconds since 1970
 */
export function listModels(caller: Caller, snapshot: RoutingSnapshot, startedAt: number): Model[] {
  const models = new Map<string, Model>()
  const add = (id: string, created: number, ownedBy: string): void => {
    if (models.has(id) || !canAsk(id, caller, snapshot)) return
    models.set(id, { id, object: 'model', created, owned_by: ownedBy })
  }
  for (const name of snapshot.models.keys()) add(name, startedAt, 'nexus')
  for (const [address, { project, created }] of snapshot.deployments) {
    if (mayUseProject(caller, project)) add(address, created, project)
  }
  for (const [id, servings] of snapshot.byModel) {
    const visible = servings.find(({ deployment }) => mayUseProject(caller, deployment.project))
    if (visible !== undefined) add(id, visible.deployment.created, visible.deployment.project)
  }
  for (const name of snapshot.upstreams.keys()) add(name, startedAt, 'nexus')
  return [...models.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

function canAsk(id: string, caller: Caller, snapshot: RoutingSnapshot): boolean {
  try {
    planRoute(id, caller, snapshot)
    return true
  } catch (error) {
    if (error instanceof GatewayError) return false
    throw error
  }
}
