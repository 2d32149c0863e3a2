import { timingSafeEqual } from 'node:crypto'
import { bearerCredential } from '../auth/credentials.ts'
import { digestOf } from '../auth/keyring.ts'
import { GatewayError } from '../errors.ts'
import { redactConfig } from '../config/redact.ts'
import { describeEndpoints } from '../upstreams/describe.ts'
import type { Call } from './call.ts'
import { answerJson } from './json.ts'

/**
 * Lets an admin through: `Authorization: Bearer` with the configured token.
 *
 * @throws GatewayError `admin_forbidden` (403) with a wrong token, or when none is configured
 */
export async function answerAdmin(answer: (call: Call) => Promise<void>, call: Call): Promise<void> {
  const { adminToken } = call.snapshot.config.server
  if (adminToken === undefined) {
    throw new GatewayError('admin_forbidden', 'The admin endpoints are closed: set GATEWAY_ADMIN_TOKEN to open them.')
  }
  const given = bearerCredential(call.exchange.headers) ?? ''
  if (!timingSafeEqual(digestOf(given), digestOf(adminToken))) {
    throw new GatewayError('admin_forbidden', 'The admin token is missing or wrong.')
  }
  return answer(call)
}

/** `GET /admin/v1/config`: the configuration in force, without secrets. */
export async function answerConfig(call: Call): Promise<void> {
  answerJson(call, redactConfig(call.snapshot.config))
}

/** `GET /admin/v1/endpoints`: every server address with its breaker, health and load. */
export async function answerEndpoints(call: Call): Promise<void> {
  answerJson(call, { endpoints: describeEndpoints(call.services.registry.endpoints()) })
}

/** `POST /admin/v1/reload`: reads the configuration file again; what came of it is in the log and the metrics. */
export async function answerReload(call: Call): Promise<void> {
  call.services.reload()
  answerJson(call, { status: 'reloading' }, 202)
}
