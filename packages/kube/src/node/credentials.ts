import { readFile } from 'node:fs/promises'
import type { KubeAuth } from './cluster-access.ts'

/** A projected token is replaced well before it ends (kubelet: at 80 % of its life); client-go reads it each minute, too. */
const TOKEN_FILE_MS = 60_000

/** The value of the `authorization` header for each request, or undefined where the TLS connection proves who we are. */
export type Authorize = () => Promise<string | undefined>

/** How requests authenticate themselves under `auth`. */
export function authorizeBy(auth: KubeAuth): Authorize {
  switch (auth.type) {
    case 'none':
    case 'client-certificate':
      return () => Promise.resolve(undefined)
    case 'token': {
      const header = `Bearer ${auth.token.reveal()}`
      return () => Promise.resolve(header)
    }
    case 'basic': {
      const header = `Basic ${Buffer.from(`${auth.username}:${auth.password.reveal()}`).toString('base64')}`
      return () => Promise.resolve(header)
    }
    case 'token-file':
      return readingTokenFile(auth.path)
    case 'plugin':
      return async () => (await auth.credentials()).authorization
    default:
      return auth satisfies never
  }
}

function readingTokenFile(path: string): Authorize {
  let header: string | undefined
  let readAt = -Infinity
  return async () => {
    if (header === undefined || performance.now() - readAt > TOKEN_FILE_MS) {
      header = `Bearer ${(await readFile(path, 'utf8')).trim()}`
      readAt = performance.now()
    }
    return header
  }
}
