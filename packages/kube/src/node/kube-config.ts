import { access } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { nearest, redact } from '@nexus/core'
import type { ClusterAccess } from './cluster-access.ts'
import { inClusterConfig } from './in-cluster.ts'
import { KubeConfigError } from './kube-config-error.ts'
import { mergeKubeConfigs, readKubeConfigFile } from './kube-config-file.ts'
import type { ClusterEntry, KubeConfigEntries } from './kube-config-file.ts'
import { authOf, pem } from './user-auth.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface KubeConfigOptions {
  /** A kubeconfig file; no other place is looked at. */
  readonly path?: string | undefined
  /** The context to use instead of the current one. */
  readonly context?: string | undefined
  /** Default: `process.env`. */
  readonly env?: Environment | undefined
}

/** Where a configuration was found. */
export type KubeConfigSource =
  { readonly type: 'files'; readonly paths: readonly string[] } | { readonly type: 'in-cluster'; readonly dir: string }

/** One context, ready for `createNodeKubeClient`. */
export interface KubeConfig extends ClusterAccess {
  readonly context: string
  /** The context's namespace; undefined: it names none. */
  readonly namespace?: string | undefined
  readonly skipTlsVerify: boolean
  /** What programs keep about this cluster in its `extensions`, by name. */
  readonly extensions: Readonly<Record<string, unknown>>
  readonly source: KubeConfigSource
}

/**
 * Finds the cluster to talk to: `path`, the files of `KUBECONFIG` merged as kubectl merges them, the cluster this process
 * runs in, `~/.kube/config`. A place that is named but missing is an error, not a reason to take another cluster.
 *
 * @throws KubeConfigError `NEXUS_KUBECONFIG_NOT_FOUND` where nothing names a cluster; other codes where something does but
 * cannot be used.
 */
export async function loadKubeConfig({
  path,
  context,
  env = process.env,
}: KubeConfigOptions = {}): Promise<KubeConfig> {
  const named = path === undefined ? filesOf(env['KUBECONFIG']) : [path]
  if (named.length === 0 && context === undefined) {
    const inCluster = await inClusterConfig(env)
    if (inCluster !== undefined) return inCluster
  }
  const paths = named.length > 0 ? await existing(named) : await homeConfig(env)
  const entries = mergeKubeConfigs(await Promise.all(paths.map(readKubeConfigFile)))
  return useContext(entries, context ?? entries.currentContext, paths)
}

function filesOf(list = ''): string[] {
  return list.split(delimiter).filter((path) => path !== '')
}

/** kubectl ignores the files of a list that are missing, but not all of them at once. */
async function existing(paths: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const path of paths) if (await exists(path)) found.push(path)
  if (found.length > 0) return found
  throw new KubeConfigError('NEXUS_KUBECONFIG_UNREADABLE', `there is no kubeconfig ${paths.join(' or ')}`, {
    hint: 'Correct --kubeconfig or KUBECONFIG, or start a sandbox with `nexus up`.',
  })
}

async function homeConfig(env: Environment): Promise<string[]> {
  const path = join(env['HOME'] ?? homedir(), '.kube', 'config')
  if (await exists(path)) return [path]
  throw new KubeConfigError(
    'NEXUS_KUBECONFIG_NOT_FOUND',
    `no cluster is configured: KUBECONFIG is not set and there is no ${path}`,
    {
      hint: 'Start a sandbox with `nexus up`, or name a kubeconfig with --kubeconfig.',
    },
  )
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

async function useContext(
  entries: KubeConfigEntries,
  name: string | undefined,
  paths: readonly string[],
): Promise<KubeConfig> {
  const context = contextOf(entries, name, paths)
  const cluster = clusterOf(entries, context.name, context.entry.cluster)
  const userName = context.entry.user ?? ''
  const user = userName === '' ? {} : entries.users.get(userName)
  if (user === undefined)
    throw contextError(`context "${context.name}" names the user "${userName}", which is not there`)
  return {
    server: cluster.server,
    context: context.name,
    namespace: given(context.entry.namespace),
    auth: await authOf(userName, user),
    ca: await pem(cluster['certificate-authority-data'], cluster['certificate-authority']),
    skipTlsVerify: cluster['insecure-skip-tls-verify'] === true,
    tlsServerName: given(cluster['tls-server-name']),
    extensions: Object.fromEntries((cluster.extensions ?? []).map(({ name, extension }) => [name, extension])),
    source: { type: 'files', paths },
  }
}

function contextOf(entries: KubeConfigEntries, name: string | undefined, paths: readonly string[]) {
  const where = paths.join(', ')
  if (name === undefined) {
    throw contextError(`${where} has no current context`, 'Choose one with --context or `kubectl config use-context`.')
  }
  const entry = entries.contexts.get(name)
  if (entry !== undefined) return { name, entry }
  const similar = nearest(name, entries.contexts.keys())
  throw contextError(
    `there is no context "${name}" in ${where}`,
    similar.length > 0 ? `Did you mean ${similar.join(' or ')}?` : undefined,
  )
}

function clusterOf(entries: KubeConfigEntries, context: string, name: string): ClusterEntry & { server: string } {
  const cluster = entries.clusters.get(name)
  const server = given(cluster?.server)
  if (cluster === undefined || server === undefined) {
    throw contextError(
      `context "${context}" names the cluster "${name}", which ${cluster ? 'has no server' : 'is not there'}`,
    )
  }
  // `host:6443` parses as a URL, too, whose scheme is the host.
  const protocol = URL.parse(server)?.protocol
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw contextError(
      `the server of cluster "${name}" is not a URL: ${redact(server)}`,
      'Write it as https://host:port in the kubeconfig.',
    )
  }
  if (given(cluster['proxy-url']) !== undefined) {
    throw new KubeConfigError(
      'NEXUS_KUBECONFIG_UNSUPPORTED',
      `cluster "${name}" is reached by a proxy (proxy-url), which this client does not do`,
      {
        hint: 'Open a tunnel to the API server and use a context whose cluster needs no proxy.',
      },
    )
  }
  return { ...cluster, server }
}

function given(value: string | null | undefined): string | undefined {
  return value === null || value === '' ? undefined : value
}

function contextError(message: string, hint = '`kubectl config get-contexts` lists the contexts.'): KubeConfigError {
  return new KubeConfigError('NEXUS_KUBECONFIG_CONTEXT', message, { hint })
}
