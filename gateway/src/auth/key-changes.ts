import { randomBytes } from 'node:crypto'
import type { StoredKey } from './key-document.ts'
import { digestOf } from './keyring.ts'

/** Why a change of the keys was refused. */
export type KeyChangeCode = 'name_taken' | 'not_found' | 'expired'

/** A change of the keys was refused; nothing was changed. */
export class KeyChangeError extends Error {
  override readonly name = 'KeyChangeError' as const
  readonly code: KeyChangeCode

  constructor(code: KeyChangeCode, message: string) {
    super(message)
    this.code = code
  }
}

/** What a key may do. */
export type StoredPolicy = Omit<StoredKey, 'id' | 'hash' | 'prefix' | 'last4' | 'createdAt'>

/** The keys after a change that made one. */
export interface MadeKey {
  readonly keys: StoredKey[]
  readonly stored: StoredKey
  /** The key itself, for the one moment in which it is shown. */
  readonly key: string
}

/** 256 random bits, so that a plain digest is enough to store. The prefix tells secret scanners what it is. */
export function generateKey(): string {
  return `nxg_${randomBytes(32).toString('base64url')}`
}

/**
 * Adds a key.
 *
 * @param nowMs wall clock, ms since 1970
 * @throws KeyChangeError `name_taken`
 */
export function createKey(keys: readonly StoredKey[], id: string, policy: StoredPolicy, nowMs: number): MadeKey {
  if (keys.some((key) => key.id === id)) {
    throw new KeyChangeError('name_taken', `there is a key ${id}: rotate or revoke it, or choose another name`)
  }
  return addKey(keys, id, policy, nowMs)
}

/**
 * Puts a new key beside the one of that name, with the same policy; the old one ends after `overlapMs`, or at once for 0.
 *
 * @param expiresAt when the new key ends; when the old one would have, if undefined
 * @throws KeyChangeError `not_found`; `expired` when the new key would be expired from the start
 */
export function rotateKey(
  keys: readonly StoredKey[],
  id: string,
  { overlapMs, expiresAt, nowMs }: { overlapMs: number; expiresAt: string | undefined; nowMs: number },
): MadeKey {
  const newest = keys.filter((key) => key.id === id).at(-1)
  if (newest === undefined) throw notFound(id)
  const { id: _id, hash: _hash, prefix: _prefix, last4: _last4, createdAt: _createdAt, ...policy } = newest
  const ends = expiresAt ?? policy.expiresAt
  if (ends !== undefined && Date.parse(ends) <= nowMs) {
    throw new KeyChangeError('expired', `key ${id} has expired: give the new one a time with --expires`)
  }
  const untilMs = nowMs + overlapMs
  const rest = keys.map((key) => (key.id === id ? endBy(key, untilMs) : key))
  const living = rest.filter((key) => key.id !== id || !hasExpired(key, nowMs))
  return addKey(living, id, { ...policy, ...(ends === undefined ? {} : { expiresAt: ends }) }, nowMs)
}

/**
 * Removes every key of that name.
 *
 * @throws KeyChangeError `not_found`
 */
export function revokeKey(keys: readonly StoredKey[], id: string): StoredKey[] {
  const rest = keys.filter((key) => key.id !== id)
  if (rest.length === keys.length) throw notFound(id)
  return rest
}

/** Whether a key's time is over. */
export function hasExpired(key: StoredKey, nowMs: number): boolean {
  return key.expiresAt !== undefined && Date.parse(key.expiresAt) <= nowMs
}

function addKey(keys: readonly StoredKey[], id: string, policy: StoredPolicy, nowMs: number): MadeKey {
  const key = generateKey()
  const stored: StoredKey = {
    id,
    hash: `sha256:${digestOf(key).toString('hex')}`,
    prefix: key.slice(0, 8),
    last4: key.slice(-4),
    createdAt: new Date(nowMs).toISOString(),
    ...policy,
  }
  return { keys: [...keys, stored], stored, key }
}

function endBy(key: StoredKey, untilMs: number): StoredKey {
  const endsMs = key.expiresAt === undefined ? Infinity : Date.parse(key.expiresAt)
  return endsMs <= untilMs ? key : { ...key, expiresAt: new Date(untilMs).toISOString() }
}

function notFound(id: string): KeyChangeError {
  return new KeyChangeError('not_found', `there is no key ${id}`)
}
