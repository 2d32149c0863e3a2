import { hash, timingSafeEqual } from 'node:crypto'
import type { ApiKey } from '../config/schema.ts'
import type { Caller, EffectiveLimits } from './caller.ts'
import { resolveLimits } from './resolve-limits.ts'

/** A key that there is: what it may do, and whether it may do so now. */
export interface KnownKey {
  readonly digest: Buffer
  readonly caller: Caller
  /** Wall clock in ms since 1970; Infinity: never. */
  readonly expiresAt: number
  readonly isDisabled: boolean
}

/** Keys by digest. Their plain text is not kept. */
export type Keyring = ReadonlyMap<string, KnownKey>

/** Unknown keys are compared as well, against this, so that they take the same path. */
const NOBODY = digestOf('')

/** Hashes the keys and makes a caller of each. Of two entries for one key the first counts. */
export function createKeyring(keys: Iterable<ApiKey>, defaults: EffectiveLimits): Keyring {
  const ring = new Map<string, KnownKey>()
  for (const entry of keys) {
    const digest = entry.hash === undefined ? digestOf(entry.key ?? '') : Buffer.from(entry.hash.slice(7), 'hex')
    const name = digest.toString('hex')
    if (!ring.has(name)) ring.set(name, toKnownKey(entry, digest, defaults))
  }
  return ring
}

/** The SHA-256 of a key or token: keys are random, so that nothing slower is needed. */
export function digestOf(credential: string): Buffer {
  return hash('sha256', credential, 'buffer')
}

/** Finds a key by its digest, in the same time whether there is one or not. */
export function findKey(ring: Keyring, digest: Buffer, name: string): KnownKey | undefined {
  const found = ring.get(name)
  return timingSafeEqual(digest, found === undefined ? NOBODY : found.digest) ? found : undefined
}

function toKnownKey(entry: ApiKey, digest: Buffer, defaults: EffectiveLimits): KnownKey {
  const caller: Caller = Object.freeze({
    id: entry.id ?? digest.toString('hex', 0, 6),
    method: 'api_key',
    isShared: entry.shared,
    team: entry.team,
    projects: new Set(entry.projects),
    models: entry.models === undefined ? undefined : new Set(entry.models),
    limits: resolveLimits(entry.limits, defaults),
  })
  const expiresAt = entry.expiresAt === undefined ? Infinity : Date.parse(entry.expiresAt)
  return { digest, caller, expiresAt, isDisabled: entry.disabled }
}
