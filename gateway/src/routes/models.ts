import { GatewayError } from '../errors.ts'
import { listModels, type Model } from '../routing/models.ts'
import { notFound } from '../routing/refusals.ts'
import type { AuthenticatedCall } from './call.ts'
import { answerJson } from './json.ts'

/** `GET /v1/models`: what the caller's key can use. */
export async function answerModels(call: AuthenticatedCall): Promise<void> {
  answerJson(call, { object: 'list', data: modelsOf(call) })
}

/** `GET /v1/models/{id}`: the id may hold slashes, encoded or not. */
export async function answerModel(call: AuthenticatedCall): Promise<void> {
  const id = decode(call.exchange.path.slice('/v1/models/'.length))
  const model = modelsOf(call).find((candidate) => candidate.id === id)
  if (model === undefined) throw notFound(id)
  answerJson(call, model)
}

function modelsOf({ caller, services, snapshot }: AuthenticatedCall): Model[] {
  return listModels(caller, snapshot.routing, services.startedAt)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    throw new GatewayError('bad_request', 'The path is not encoded correctly.', { cause: error })
  }
}
