import { readFile } from 'node:fs/promises'
import { messageOf } from '@nexus/core'
import type { KubeAuth } from './cluster-access.ts'
import { KubeConfigError } from './kube-config-error.ts'

/** A projected token is replaced well before it ends (kubelet: at 80 % of its life); client-go reads it each minute, too. */
const TOKEN_FILE_MS = 60_000

/** The value of the `authorization` header for each request, or undefined where the TLS connection proves who we are. */
export type Authorize = () => Promise<string | undefined>

/** How requests authenticate themselves under `auth`; `now` is a clock in milliseconds. */
export function authorizeBy(auth: KubeAuth, now: () => number = () => performance.now()): Authorize {
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
      return readingTokenFile(auth.path, now)
    case 'plugin':
      return async () => (await auth.credentials()).authorization
    default:
      return auth satisfies never
  }
}

function readingTokenFile(path: string, now: () => number): Authorize {
  let header: string | undefined
  let readAt = -Infinity
  return async () => {
    if (now() - readAt <= TOKEN_FILE_MS) return header
    try {
      header = `Bearer ${(await readFile(path, 'utf8')).trim()}`
      readAt = now()
    } catch (cause) {
      // A file that is away for a moment does not take the token we have: the server judges it (client-go does the same).
      if (header === undefined) throw unreadable(path, cause)
    }
    return header
  }
}

function unreadable(path: string, cause: unknown): KubeConfigError {
  return new KubeConfigError('NEXUS_KUBECONFIG_CREDENTIALS', `cannot read the token ${path}: ${messageOf(cause)}`, {
    hint: 'Restore the file, or log in to the cluster again.',
    cause,
  })
}
