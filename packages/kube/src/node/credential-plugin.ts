import type { OutgoingHttpHeaders } from 'node:http'
import type { RequestOptions } from 'node:https'
import { messageOf, redact, SecretText } from '@nexus/core'
import type { PluginCredentials } from './cluster-access.ts'
import { KubeConfigError } from './kube-config-error.ts'
import type { UserEntry } from './kube-config-file.ts'

/**
 * Credentials of an `exec` or `auth-provider` user, by @kubernetes/client-node, which runs the program and keeps what it
 * gave until it expires. It is loaded at the first request of such a user only: it takes longer than everything else here.
 */
export function pluginCredentials(name: string, user: UserEntry): () => Promise<PluginCredentials> {
  let plugin: Promise<CredentialPlugin> | undefined
  return async () => {
    try {
      plugin ??= loadPlugin(name, user)
      return await credentialsOf(await plugin)
    } catch (cause) {
      throw new KubeConfigError(
        'NEXUS_KUBECONFIG_CREDENTIALS',
        redact(`no credentials for user "${name}": ${messageOf(cause).trim()}`),
        {
          hint: `Does \`${user.exec?.command ?? 'kubectl get namespaces'}\` work by itself? You may have to log in again.`,
          cause,
        },
      )
    }
  }
}

interface CredentialPlugin {
  applyToHTTPSOptions(options: RequestOptions): Promise<void>
}

async function loadPlugin(name: string, user: UserEntry): Promise<CredentialPlugin> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  // Only the user's part of it is used; the library refuses users without a cluster.
  config.loadFromClusterAndUser(
    { name: 'unused', server: 'https://unused.invalid', skipTLSVerify: false },
    { name, exec: withExecInfo(user.exec), authProvider: user['auth-provider'] },
  )
  return config
}

/** Programs read from this variable which version of the answer is wanted (client-go sets it; the library does not). */
function withExecInfo(exec: UserEntry['exec']): unknown {
  if (exec === undefined || exec === null) return undefined
  const info = { apiVersion: exec['apiVersion'], kind: 'ExecCredential', spec: { interactive: false } }
  const own: unknown[] = Array.isArray(exec['env']) ? exec['env'] : []
  return { ...exec, env: [{ name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }, ...own] }
}

async function credentialsOf(plugin: CredentialPlugin): Promise<PluginCredentials> {
  const headers: OutgoingHttpHeaders = {}
  const options: RequestOptions = { headers }
  await plugin.applyToHTTPSOptions(options)
  const authorization = headers['Authorization']
  const key = pemText(options.key)
  return {
    authorization: typeof authorization === 'string' ? authorization : undefined,
    certificate: pemText(options.cert),
    key: key === undefined ? undefined : new SecretText(key),
  }
}

function pemText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return Buffer.isBuffer(value) ? value.toString('utf8') : undefined
}
