import { mayUseModel, mayUseProject, type Caller } from '../auth/caller.ts'
import type { Arm, Candidate } from './candidate.ts'
import { ambiguous, notAllowed, notFound } from './refusals.ts'
import {
  addressOf,
  type Pool,
  type RoutedDeployment,
  type RoutedModel,
  type RoutingSnapshot,
  type Serving,
} from './snapshot.ts'

/**
 * Where a model that a caller asks for is served. In order:
 *
 * 1. the route of a configured model of that id or alias;
 * 2. `<project>/<deployment>`, exactly;
 * 3. a model id, among the projects the caller may use; all its deployments in one project;
 * 4. a static upstream of that name, then the default upstream; both get the model id as it is.
 *
 * What the caller may not use is treated as if it did not exist. A caller with a list of models needs the name it asks
 * with and the model this name stands for on it, so that neither an alias nor an adapter opens a model that is not. The
 * arms of what exists but is not ready have no endpoints.
 *
 * @throws GatewayError `ambiguous_model` (the id is served in several projects), `model_not_allowed` or
 *   `model_not_found`
 */
export function resolveModel(name: string, caller: Caller, snapshot: RoutingSnapshot): Candidate {
  const model = snapshot.models.get(name)
  if (model?.route !== undefined) return routed(name, model, model.route, caller)

  const id = model?.id ?? name
  const addressed = snapshot.deployments.get(id)
  if (addressed !== undefined && mayUseProject(caller, addressed.project)) return atAddress(name, addressed, caller)

  const visible = snapshot.byModel.get(id)?.filter(({ deployment }) => mayUseProject(caller, deployment.project)) ?? []
  if (visible.length > 0) return served(name, id, visible, caller)

  const pool = snapshot.upstreams.get(id) ?? snapshot.defaultUpstream
  if (pool === undefined) throw notFound(name)
  mustBeAllowed(caller, name, id)
  return single(name, model !== undefined || snapshot.upstreams.has(id) ? id : 'other', armOf(pool, id))
}

function routed(
  name: string,
  { id }: RoutedModel,
  route: Pick<Candidate, 'arms' | 'sticky'>,
  caller: Caller,
): Candidate {
  mustBeAllowed(caller, name, id)
  return { model: name, label: id, ...route }
}

function atAddress(name: string, deployment: RoutedDeployment, caller: Caller): Candidate {
  // A server without /v1/models goes by KServe's convention: the model is named like the InferenceService.
  const { id, base } = deployment.models?.[0] ?? { id: deployment.name, base: undefined }
  mustBeAllowed(caller, name, addressOf(deployment), id, base)
  const { pool, models } = deployment
  return single(name, id, armOf(models === undefined ? { ...pool, endpoints: [] } : pool, id))
}

function served(name: string, id: string, visible: readonly Serving[], caller: Caller): Candidate {
  mustBeAllowed(caller, name, id)
  const allowed = visible.filter(({ base }) => base === undefined || mayUseModel(caller, base))
  const ready = allowed.filter(({ deployment }) => deployment.ready)
  const usable = (ready.length > 0 ? ready : allowed).map(({ deployment }) => deployment)
  const [first, ...others] = usable
  if (first === undefined) throw notAllowed(name)
  if (others.some(({ project }) => project !== first.project)) throw ambiguous(name, usable.map(addressOf))
  if (others.length === 0) return single(name, id, armOf(first.pool, id))
  const endpoints = usable.flatMap(({ pool }) => pool.endpoints)
  return single(name, id, { ...first.pool, upstream: `${first.project}/${id}`, endpoints, model: id })
}

function mustBeAllowed(caller: Caller, name: string, ...standsFor: readonly (string | undefined)[]): void {
  const lacking = [name, ...standsFor].find((model) => model !== undefined && !mayUseModel(caller, model))
  if (lacking !== undefined) throw notAllowed(name, lacking)
}

function single(model: string, label: string, arm: Arm): Candidate {
  return { model, label, arms: [{ arm, weight: 1 }], sticky: 'caller' }
}

function armOf(pool: Pool, model: string): Arm {
  return { ...pool, model }
}
