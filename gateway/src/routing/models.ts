import { mayUseProject, type Caller } from '../auth/keyring.ts'
import { type RoutingSnapshot } from './snapshot.ts'
import { deploymentsServing } from './resolve.ts'

/** One entry of `GET /v1/models`. */
export interface Model {
  readonly id: string
  readonly object: 'model'
  /** Seconds since 1970. */
  readonly created: number
  readonly owned_by: string
}

/**
 * The names a caller can put into `model` and be served: addresses of ready deployments, the model ids they serve, and
 * the static upstreams. An id that is served in several of the caller's projects is left out, since asking for it is an
 * error; its addresses are there.
 *
 * @param startedAt the `created` of static upstreams, in seconds since 1970
 */
export function listModels(caller: Caller, snapshot: RoutingSnapshot, startedAt: number): Model[] {
  const models = new Map<string, Model>()
  const add = (id: string, created: number, ownedBy: string): void => {
    if (!models.has(id)) models.set(id, { id, object: 'model', created, owned_by: ownedBy })
  }
  for (const [address, { ready, models: served, project, created }] of snapshot.deployments) {
    if (ready && served !== undefined && mayUseProject(caller, project)) add(address, created, project)
  }
  for (const id of snapshot.byModel.keys()) {
    const serving = deploymentsServing(id, caller, snapshot)
    const [first, ...rest] = serving
    if (first !== undefined && rest.every(({ project }) => project === first.project))
      add(id, first.created, first.project)
  }
  for (const name of snapshot.upstreams.keys()) add(name, startedAt, 'nexus')
  return [...models.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}
