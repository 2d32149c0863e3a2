import { describeBreakers } from '../upstreams/describe.ts'
import type { AuthenticatedCall } from './call.ts'
import { answerJson } from './json.ts'

/** `GET /v1/circuit-breakers`: the breakers of this replica, by upstream. */
export async function answerCircuitBreakers(call: AuthenticatedCall): Promise<void> {
  answerJson(call, describeBreakers(call.services.registry.endpoints()))
}
