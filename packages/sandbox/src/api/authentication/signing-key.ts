import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The key pair (P-256) that signs and proves the tokens of ServiceAccounts. */
export interface SigningKey {
  /** Names the key in the header of a token. */
  readonly id: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** The key in `dir`, made at the first start, so that tokens stay good over restarts. Only the owner can read it. */
export function signingKey(dir: string): SigningKey {
  const file = join(dir, 'service-account.key')
  if (existsSync(file)) return keyPair(createPrivateKey(readFileSync(file)))
  const made = newSigningKey()
  // Written beside and moved: a process that dies in between leaves no half of a key.
  writeFileSync(`${file}.new`, made.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return made
}

/** A key that no file keeps. */
export function newSigningKey(): SigningKey {
  return keyPair(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
}

function keyPair(privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey)
  const id = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
  return { id, privateKey, publicKey }
}
