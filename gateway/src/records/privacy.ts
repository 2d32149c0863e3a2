import { createHash, randomBytes } from 'node:crypto'
import type { Caller } from '../auth/caller.ts'
import type { PrivacyConfig } from '../config/schema.ts'

/** How IPv4 looks on a socket that takes both. */
const MAPPED = '::ffff:'

/** What logs may say of people. */
export interface Privacy {
  /** An address without its last part: one octet of IPv4, all but two groups of IPv6. */
  clientIp(address: string): string
  /** The first 16 hexadecimal digits of SHA-256 of `salt:id`. */
  principalHash(caller: Caller): string
}

/** Where no salt is configured, one is drawn: hashes of two replicas, or of two starts, then differ. */
export function createPrivacy({ maskIp, hashSalt = randomBytes(16).toString('hex') }: PrivacyConfig): Privacy {
  const hashes = new WeakMap<Caller, string>()
  return {
    clientIp: maskIp ? maskAddress : (address) => address,
    principalHash: (caller) => {
      const known = hashes.get(caller)
      if (known !== undefined) return known
      const hash = createHash('sha256').update(`${hashSalt}:${caller.id}`).digest('hex').slice(0, 16)
      hashes.set(caller, hash)
      return hash
    },
  }
}

function maskAddress(address: string): string {
  if (!address.includes(':')) return maskV4(address)
  if (address.startsWith(MAPPED) && address.includes('.')) return maskV4(address.slice(MAPPED.length))
  // Groups that `::` stands for are zeros, which end the two that are kept.
  const groups = (address.split('::', 1)[0] ?? '').split(':')
  return `${groups.slice(0, 2).join(':')}::`
}

function maskV4(address: string): string {
  return `${address.slice(0, address.lastIndexOf('.') + 1)}0`
}
