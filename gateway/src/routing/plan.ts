import type { Caller } from '../auth/caller.ts'
import type { FallbackCause } from '../config/schema.ts'
import { GatewayError } from '../errors.ts'
import type { Candidate, Plan } from './candidate.ts'
import { notReady } from './refusals.ts'
import { resolveModel } from './resolve.ts'
import type { RoutedModel, RoutingSnapshot } from './snapshot.ts'

const NEVER: ReadonlySet<FallbackCause> = new Set()

/**
 * Where a request can go: the model that was asked for, then its fallbacks as far as this caller may use them. A
 * candidate whose servers are all gone for the moment stays in its place, without endpoints, as long as another has some.
 *
 * @throws GatewayError `model_not_found`, `model_not_allowed`, `ambiguous_model` or `no_healthy_upstream` (nothing of it
 *   has a server now)
 */
export function planRoute(model: string, caller: Caller, snapshot: RoutingSnapshot): Plan {
  const known = snapshot.plans.get(caller, model)
  if (known !== undefined) return known
  const plan = makePlan(model, caller, snapshot)
  if (isNamed(model, snapshot)) snapshot.plans.set(caller, model, plan)
  return plan
}

function makePlan(name: string, caller: Caller, snapshot: RoutingSnapshot): Plan {
  const configured = snapshot.models.get(name)
  const fallbacks = configured === undefined ? [] : fallbacksOf(configured, caller, snapshot)
  const asked = resolveOrMiss(name, caller, snapshot)
  const candidates = [asked instanceof GatewayError ? missing(name, fallbacks, asked) : asked, ...fallbacks]
  if (!candidates.some(hasEndpoints)) throw notReady(candidates[0]?.arms[0]?.arm.upstream ?? name, snapshot)
  return { candidates, fallbackOn: configured?.fallbackOn ?? NEVER }
}

/** What a caller may not use, and what is not there now, is left out. */
function fallbacksOf(model: RoutedModel, caller: Caller, snapshot: RoutingSnapshot): Candidate[] {
  const found = new Map<string, Candidate>()
  for (const name of model.fallbacks) {
    const id = snapshot.models.get(name)?.id ?? name
    if (id === model.id || found.has(id)) continue
    const candidate = resolveOrMiss(name, caller, snapshot)
    if (!(candidate instanceof GatewayError) && hasEndpoints(candidate)) found.set(id, candidate)
  }
  return [...found.values()]
}

function resolveOrMiss(name: string, caller: Caller, snapshot: RoutingSnapshot): Candidate | GatewayError {
  try {
    return resolveModel(name, caller, snapshot)
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
}

/** A configured model that nothing serves now counts as one without servers, where another can stand in for it. */
function missing(name: string, [first]: readonly Candidate[], refusal: GatewayError): Candidate {
  const arm = first?.arms[0]?.arm
  if (arm === undefined || refusal.code !== 'model_not_found') throw refusal
  const nobody = { ...arm, upstream: name, endpoints: [], model: name }
  return { model: name, label: name, arms: [{ arm: nobody, weight: 1 }], sticky: 'caller' }
}

function hasEndpoints({ arms }: Candidate): boolean {
  return arms.some(({ arm }) => arm.endpoints.length > 0)
}

function isNamed(model: string, { models, deployments, byModel, upstreams }: RoutingSnapshot): boolean {
  return models.has(model) || upstreams.has(model) || byModel.has(model) || deployments.has(model)
}
