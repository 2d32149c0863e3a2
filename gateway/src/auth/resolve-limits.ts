import type { CallerLimits } from '../config/schema.ts'
import type { EffectiveLimits } from './caller.ts'

/** What a caller may use: its own limits where it has any, the default ones elsewhere. */
export function resolveLimits(own: CallerLimits, defaults: EffectiveLimits): EffectiveLimits {
  return Object.freeze({
    requestsPerWindow: own.requestsPerWindow === undefined ? defaults.requestsPerWindow : own.requestsPerWindow,
    tokensPerMinute: own.tokensPerMinute === undefined ? defaults.tokensPerMinute : own.tokensPerMinute,
    concurrency: own.concurrency === undefined ? defaults.concurrency : own.concurrency,
  })
}
