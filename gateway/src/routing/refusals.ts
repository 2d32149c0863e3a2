import { GatewayError } from '../errors.ts'
import type { RoutingSnapshot } from './snapshot.ts'

/** Says that a model does not exist for this caller. The name comes from the caller and is cut short. */
export function notFound(model: string): GatewayError {
  const message = `The model \`${model.slice(0, 256)}\` does not exist or you do not have access to it. GET /v1/models lists yours.`
  return new GatewayError('model_not_found', message, { param: 'model' })
}

/**
 * Says that a model exists, and that the key's list of models leaves it out, or the one that it stands for: whose name is
 * for the log alone.
 */
export function notAllowed(model: string, lacking = model): GatewayError {
  const isStandIn = lacking !== model
  const why = isStandIn ? ': not the one that this name stands for' : ''
  const message = `Your key may not use the model \`${model.slice(0, 256)}\`${why}. GET /v1/models lists those it may use.`
  const cause = isStandIn ? new Error(`the key's list of models lacks ${lacking}`) : undefined
  return new GatewayError('model_not_allowed', message, { param: 'model', cause })
}

/** Says that several projects serve a model, and under which names each of them is reached. */
export function ambiguous(model: string, addresses: readonly string[]): GatewayError {
  const listed = [...addresses].sort().join(', ')
  const message = `The model \`${model}\` is served in several projects. Use one of these as the model: ${listed}.`
  return new GatewayError('ambiguous_model', message, { param: 'model' })
}

/** Says that what was asked for exists and has no server now. */
export function notReady(upstream: string, { deployments }: RoutingSnapshot): GatewayError {
  const deployment = deployments.get(upstream)
  const message =
    deployment === undefined
      ? `No server of ${upstream} is ready. Try again.`
      : `The deployment ${upstream} is not ready. Try again, or ask nexus describe ${deployment.name} -n ${deployment.project} why.`
  return new GatewayError('no_healthy_upstream', message, { param: 'model', headers: { 'retry-after': '1' } })
}
