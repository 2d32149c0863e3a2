import { readFile } from 'node:fs/promises'
import { messageOf, SecretText } from '@nexus/core'
import type { KubeAuth } from './cluster-access.ts'
import { pluginCredentials } from './credential-plugin.ts'
import { KubeConfigError } from './kube-config-error.ts'
import type { UserEntry } from './kube-config-file.ts'

/**
 * How a user of a kubeconfig logs in. Of several ways one is taken, in the order in which an API server would: client
 * certificate, token (a file wins over a value, as in client-go), password, and then what a program gives.
 */
export async function authOf(name: string, user: UserEntry): Promise<KubeAuth> {
  if (isGiven(user.as)) throw unsupported(name, 'impersonates another user ("as")')
  const certificate = await pem(user['client-certificate-data'], user['client-certificate'])
  const key = await pem(user['client-key-data'], user['client-key'])
  if (certificate !== undefined && key !== undefined) {
    return { type: 'client-certificate', certificate, key: new SecretText(key) }
  }
  if (isGiven(user.tokenFile)) return { type: 'token-file', path: user.tokenFile }
  if (isGiven(user.token)) return { type: 'token', token: new SecretText(user.token) }
  if (isGiven(user.username)) {
    return { type: 'basic', username: user.username, password: new SecretText(user.password ?? '') }
  }
  const plugin = isGiven(user.exec) || isGiven(user['auth-provider'])
  return plugin ? { type: 'plugin', credentials: pluginCredentials(name, user) } : { type: 'none' }
}

/** A PEM text given as base64 or by its file; the data wins, as in client-go. */
export async function pem(
  data: string | null | undefined,
  path: string | null | undefined,
): Promise<string | undefined> {
  if (isGiven(data)) return Buffer.from(data, 'base64').toString('utf8')
  if (!isGiven(path)) return undefined
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new KubeConfigError('NEXUS_KUBECONFIG_UNREADABLE', `cannot read ${path}: ${messageOf(cause)}`, {
      hint: 'The kubeconfig names this file: restore it, or log in to the cluster again.',
      cause,
    })
  })
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null && value !== ''
}

function unsupported(name: string, what: string): KubeConfigError {
  return new KubeConfigError('NEXUS_KUBECONFIG_UNSUPPORTED', `user "${name}" ${what}, which this client does not do`, {
    hint: 'Choose another context with --context; `kubectl config get-contexts` lists them.',
  })
}
