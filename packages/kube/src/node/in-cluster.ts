import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Environment, KubeConfig } from './kube-config.ts'

const DEFAULT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount'

/**
 * The cluster that this process runs in, by the variables and the ServiceAccount folder that every pod gets; undefined
 * outside a pod. `NEXUS_SERVICE_ACCOUNT_DIR` moves the folder, for pods that are local processes.
 */
export async function inClusterConfig(env: Environment): Promise<KubeConfig | undefined> {
  const host = env['KUBERNETES_SERVICE_HOST']
  if (host === undefined || host === '') return undefined
  const dir = env['NEXUS_SERVICE_ACCOUNT_DIR'] ?? DEFAULT_DIR
  const [token, ca, namespace] = await Promise.all(['token', 'ca.crt', 'namespace'].map((file) => readIn(dir, file)))
  if (token === undefined) return undefined
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${env['KUBERNETES_SERVICE_PORT'] ?? '443'}`,
    context: 'in-cluster',
    namespace: namespace?.trim(),
    auth: { type: 'token-file', path: join(dir, 'token') },
    ca,
    skipTlsVerify: false,
    extensions: {},
    source: { type: 'in-cluster', dir },
  }
}

async function readIn(dir: string, file: string): Promise<string | undefined> {
  return readFile(join(dir, file), 'utf8').catch(() => undefined)
}
