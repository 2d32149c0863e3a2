import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { createNodeKubeClient, KubeConfigError, loadKubeConfig } from '@nexus/kube/node'
import type { KubeConfig, NodeKubeClient } from '@nexus/kube/node'
import { defaultSandboxDir, readSandboxState, SANDBOX_EXTENSION, SandboxExtension } from '@nexus/sandbox/state'
import { CliError } from './errors.ts'
import type { Shell } from './shell.ts'

/** The flags that say which cluster and which project a command is about. */
export interface ClusterFlags {
  readonly kubeconfig?: string
  readonly context?: string
  readonly namespace?: string
}

/** A way to a cluster, and what is known about it. */
export interface Cluster {
  readonly kube: NodeKubeClient
  readonly config: KubeConfig
  /** The project a command is about when it is not told: flag, context, `default`. */
  readonly namespace: string
  /** Where a sandbox's own servers are; undefined on other clusters. */
  readonly sandbox: SandboxExtension | undefined
}

/**
 * The cluster of a command: `--kubeconfig`, `KUBECONFIG`, in-cluster, `~/.kube/config`, else the running sandbox, which is
 * then named on stderr.
 *
 * @throws CliError NEXUS_CLI_NO_CLUSTER, KubeConfigError
 */
export async function connect(flags: ClusterFlags, shell: Shell): Promise<Cluster> {
  const config = await findConfig(flags, shell)
  const sandbox = SandboxExtension.safeParse(config.extensions[SANDBOX_EXTENSION]).data
  return {
    kube: createNodeKubeClient(config),
    config,
    namespace: flags.namespace ?? config.namespace ?? 'default',
    sandbox,
  }
}

/** Runs `use` with the cluster of the flags and closes its connections afterwards. */
export async function withCluster(
  flags: ClusterFlags,
  shell: Shell,
  use: (cluster: Cluster) => Promise<void>,
): Promise<void> {
  const cluster = await connect(flags, shell)
  try {
    await use(cluster)
  } finally {
    await cluster.kube.close()
  }
}

async function findConfig(flags: ClusterFlags, shell: Shell): Promise<KubeConfig> {
  try {
    return await loadKubeConfig({ path: flags.kubeconfig, context: flags.context, env: shell.env })
  } catch (error) {
    if (!(error instanceof KubeConfigError) || error.code !== 'NEXUS_KUBECONFIG_NOT_FOUND') throw error
    return sandboxConfig(flags, shell, error)
  }
}

async function sandboxConfig(flags: ClusterFlags, shell: Shell, cause: KubeConfigError): Promise<KubeConfig> {
  const dir = defaultSandboxDir(shell.env)
  const running = await readSandboxState(dir)
  if (running === undefined) {
    throw new CliError('NEXUS_CLI_NO_CLUSTER', 'No cluster found: no kubeconfig, and no sandbox is running', {
      hint: (await hasStopped(dir))
        ? 'Start your sandbox again with: nexus up'
        : 'Start a sandbox with: nexus up — or name a cluster with --kubeconfig FILE or KUBECONFIG.',
      cause,
    })
  }
  shell.talk(`Using the sandbox in ${dir}.`)
  return loadKubeConfig({ path: running.kubeconfig, context: flags.context, env: shell.env })
}

async function hasStopped(dir: string): Promise<boolean> {
  return access(join(dir, 'kubeconfig')).then(
    () => true,
    () => false,
  )
}
