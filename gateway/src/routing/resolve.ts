import { mayUseProject, type Caller } from '../auth/keyring.ts'
import { GatewayError } from '../errors.ts'
import { addressOf, type Deployment, type RoutingSnapshot } from './snapshot.ts'

/** Where a request can go. */
export interface Target {
  /** The name in metrics, logs and `x-upstream`: a static upstream's, or `<project>/<deployment>`. */
  readonly upstream: string
  /** Everything before `/v1/…`. */
  readonly url: string
  /** The model name to send. */
  readonly model: string
}

/**
 * The targets a requested model may be served by; any of them is as good as the other. In order:
 *
 * 1. `<project>/<deployment>`, exactly;
 * 2. a model id, among the projects the caller may use; all its deployments in one project;
 * 3. a static upstream of that name, then the default upstream; both get the model name as it was sent.
 *
 * What the caller may not use is treated as if it did not exist.
 *
 * @throws GatewayError `ambiguous_model` (the id is served in several projects), `no_healthy_upstream` (addressed but
 *   not ready) or `model_not_found`
 */
export function resolveTargets(model: string, caller: Caller, snapshot: RoutingSnapshot): readonly Target[] {
  const addressed = snapshot.deployments.get(model)
  if (addressed !== undefined && mayUseProject(caller, addressed.project)) return [addressedTarget(addressed)]

  const serving = deploymentsServing(model, caller, snapshot)
  if (new Set(serving.map(({ project }) => project)).size > 1) throw ambiguous(model, serving)
  if (serving.length > 0) return serving.map((deployment) => targetOf(deployment, model))

  const upstream = snapshot.upstreams.get(model) ?? snapshot.defaultUpstream
  if (upstream === undefined) throw notFound(model)
  return [{ upstream: upstream.name, url: upstream.url, model }]
}

/** The ready deployments of a model id that a caller may use. */
export function deploymentsServing(model: string, caller: Caller, snapshot: RoutingSnapshot): readonly Deployment[] {
  return (snapshot.byModel.get(model) ?? []).filter(({ project }) => mayUseProject(caller, project))
}

/** Says that a model does not exist for this caller. The name comes from the caller and is cut short. */
export function notFound(model: string): GatewayError {
  const message = `The model \`${model.slice(0, 256)}\` does not exist or you do not have access to it. GET /v1/models lists yours.`
  return new GatewayError('model_not_found', message, { param: 'model' })
}

function addressedTarget(deployment: Deployment): Target {
  if (!deployment.ready || deployment.models === undefined) {
    const message = `The deployment ${addressOf(deployment)} is not ready. Try again, or ask nexus describe ${deployment.name} -n ${deployment.project} why.`
    throw new GatewayError('no_healthy_upstream', message, { param: 'model', headers: { 'retry-after': '1' } })
  }
  // A server without /v1/models goes by KServe's convention: the model is named like the InferenceService.
  return targetOf(deployment, deployment.models[0] ?? deployment.name)
}

function targetOf(deployment: Deployment, model: string): Target {
  return { upstream: addressOf(deployment), url: deployment.url, model }
}

function ambiguous(model: string, serving: readonly Deployment[]): GatewayError {
  const addresses = serving.map(addressOf).sort().join(', ')
  const message = `The model \`${model}\` is served in several projects. Use one of these as the model: ${addresses}.`
  return new GatewayError('ambiguous_model', message, { param: 'model' })
}
