import type { JWTPayload } from 'jose'
import { z } from 'zod'
import { plainMessage } from '../config/plain-message.ts'
import type { JwtConfig } from '../config/schema.ts'
import type { Caller, EffectiveLimits } from './caller.ts'
import { digestOf } from './keyring.ts'
import { refuse } from './refusals.ts'
import { resolveLimits } from './resolve-limits.ts'

const Names = z.array(z.string().min(1).max(256)).max(256)

/** What a token may say of its bearer. A restriction that cannot be read refuses the token: it must not open anything. */
const Claims = z.object({
  sub: z.string().min(1).max(512).optional(),
  models: Names.optional(),
  allowed_models: Names.optional(),
  projects: Names.optional(),
  rate_limit_per_minute: z.int().min(0).optional(),
  team: z.string().max(64).optional(),
})

/**
 * The caller that a verified token speaks of. Its id is `jwt-` and a part of the digest of its subject: the subject is
 * often a person's address. All tokens without a subject are one shared caller.
 *
 * @throws GatewayError `invalid_api_key` (401) for claims of a wrong form
 */
export function toCaller(payload: JWTPayload, config: JwtConfig, defaults: EffectiveLimits): Caller {
  const claims = Claims.safeParse(payload)
  if (!claims.success) {
    const faults = claims.error.issues.map((issue) => `claim ${issue.path.join('.')} ${plainMessage(issue)}`)
    throw refuse('invalidToken', new Error(faults.join('; ')))
  }
  const { sub, team, rate_limit_per_minute: requests } = claims.data
  const models = claims.data.models ?? claims.data.allowed_models
  return Object.freeze({
    id: `jwt-${digestOf(sub ?? '').toString('hex', 0, 6)}`,
    method: 'jwt',
    isShared: sub === undefined,
    team,
    projects: new Set(claims.data.projects ?? config.projects),
    models: models === undefined ? undefined : new Set(models),
    limits: resolveLimits(requests === undefined ? {} : { requestsPerWindow: requests }, defaults),
  })
}
