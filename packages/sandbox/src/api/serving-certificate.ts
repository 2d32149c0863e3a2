import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSelfSignedCertificate } from './tls.ts'
import type { Certificate } from './tls.ts'

const NAMES = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc']
const ADDRESSES = ['127.0.0.1', '10.96.0.1']
const DAYS = 365
/** A certificate with less than this left is made anew at the next start. */
const RENEW_BEFORE_MS = 30 * 24 * 60 * 60_000

/**
 * The certificate of the API server, kept in `dir` so that kubeconfig files stay good over restarts, and made anew before
 * it expires. Only the owner can read its key.
 */
export function servingCertificate(dir: string, now: Date): Certificate {
  const file = join(dir, 'serving.pem')
  const kept = existsSync(file) ? splitPem(readFileSync(file, 'utf8')) : undefined
  if (kept && isFresh(kept, now)) return kept
  const made = createSelfSignedCertificate({ names: NAMES, addresses: ADDRESSES, days: DAYS })
  // Written beside and moved: a process that dies in between leaves the old file or the new one.
  writeFileSync(`${file}.new`, made.certPem + made.keyPem, { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return made
}

function splitPem(text: string): Certificate | undefined {
  const certPem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/.exec(text)?.[0]
  const keyPem = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n?/.exec(text)?.[0]
  return certPem === undefined || keyPem === undefined ? undefined : { certPem, keyPem }
}

function isFresh({ certPem }: Certificate, now: Date): boolean {
  try {
    return new X509Certificate(certPem).validToDate.getTime() - now.getTime() > RENEW_BEFORE_MS
  } catch {
    return false
  }
}
