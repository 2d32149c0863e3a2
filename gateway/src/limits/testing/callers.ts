import type { Caller, EffectiveLimits } from '../../auth/caller.ts'

/** A caller with the given limits; those not given are null. */
export function callerWith(id: string, limits: Partial<EffectiveLimits>): Caller {
  return {
    id,
    method: 'api_key',
    isShared: false,
    team: undefined,
    projects: new Set(['*']),
    models: undefined,
    limits: { requestsPerWindow: null, tokensPerMinute: null, concurrency: null, ...limits },
  }
}
