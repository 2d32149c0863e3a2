import { dirname, join, resolve } from 'node:path'
import { messageOf } from '@nexus/core'
import { joinCluster } from '@nexus/sandbox'
import { defaultSandboxDir } from '@nexus/sandbox/state'
import { withCluster } from '../cluster.ts'
import type { ClusterFlags } from '../cluster.ts'
import { CliError } from '../errors.ts'
import { makeFolder } from '../make-folder.ts'
import { planNodes } from '../node-flags.ts'
import type { NodeGpus } from '../node-flags.ts'
import { untilInterrupted } from '../shell.ts'
import type { Shell } from '../shell.ts'

export interface NodeFlags extends ClusterFlags {
  readonly name: string
  readonly gpus?: readonly NodeGpus[]
  readonly dir?: string
}

const NODE_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/

/** `nexus sandbox node`: a node of any cluster, in front until interrupted. */
export async function sandboxNode(flags: NodeFlags, shell: Shell): Promise<void> {
  const { name, gpus } = flags
  if (!NODE_NAME.test(name)) {
    throw new CliError('NEXUS_CLI_USAGE', `"${name}" cannot be the name of a node`, {
      hint: 'Names are small letters, digits, dashes and dots.',
    })
  }
  const [planned] = planNodes({ nodes: 1, ...(gpus !== undefined && { gpus }) }) ?? []
  const dir = folderOf(flags.dir, name, shell)
  await withCluster(flags, shell, async ({ kube, config }) => {
    const node = await joinCluster({
      kube,
      api: { url: config.server, caPem: config.ca },
      dir,
      node: { ...planned, name },
      log: (line) => shell.talk(line),
    })
    shell.talk(`Node ${name} runs pods of ${config.server} here. Ctrl-C stops them; the node stays registered.`)
    await untilInterrupted(shell.signal)
    shell.talk('Stopping …')
    await node.close()
  })
}

/** A folder of a part of the sandbox: as asked for, else beside the sandbox's own. */
export function folderOf(asked: string | undefined, name: string, { env }: Shell): string {
  const dir = resolve(asked ?? join(dirname(defaultSandboxDir(env)), name))
  try {
    makeFolder(dir)
  } catch (cause) {
    throw new CliError('NEXUS_CLI_USAGE', `Nothing can be kept in ${dir}: ${messageOf(cause)}`, {
      hint: 'Choose a folder you may write to with --dir DIR.',
      cause,
    })
  }
  return dir
}
