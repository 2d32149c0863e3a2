import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** P-256, as OpenSSL names it. */
const CURVE = 'prime256v1'

/** The key pair (P-256) that signs and proves the tokens of ServiceAccounts. */
export interface SigningKey {
  /** Names the key in the header of a token. */
  readonly id: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/**
 * The key in `dir`, made at the first start, so that tokens stay good over restarts, and anew where the file is damaged.
 * Only the owner can read it.
 */
export function signingKey(dir: string): SigningKey {
  const file = join(dir, 'service-account.key')
  const kept = existsSync(file) ? readKey(file) : undefined
  if (kept) return keyPair(kept)
  const made = newSigningKey()
  // Written beside and moved: a process that dies in between leaves no half of a key.
  writeFileSync(`${file}.new`, made.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return made
}

function readKey(file: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(readFileSync(file))
    return key.asymmetricKeyDetails?.namedCurve === CURVE ? key : undefined
  } catch {
    return undefined // the message could quote the key
  }
}

/** A key that no file keeps. */
export function newSigningKey(): SigningKey {
  return keyPair(generateKeyPairSync('ec', { namedCurve: CURVE }).privateKey)
}

function keyPair(privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey)
  const id = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
  return { id, privateKey, publicKey }
}
