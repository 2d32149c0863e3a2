import { join } from 'node:path'
import { Kinds } from '@nexus/kube'
import { CONTROLLER_NAMES, startControllers } from '@nexus/sandbox'
import type { ControllerName } from '@nexus/sandbox'
import { withCluster } from '../cluster.ts'
import type { ClusterFlags } from '../cluster.ts'
import { CliError } from '../errors.ts'
import { untilInterrupted } from '../shell.ts'
import type { Shell } from '../shell.ts'
import { folderOf } from './sandbox-node.ts'

export interface ControllersFlags extends ClusterFlags {
  readonly only?: readonly string[]
  readonly dir?: string
}

/** `nexus sandbox controllers`: controllers of any API server, in front until interrupted. */
export async function sandboxControllers(flags: ControllersFlags, shell: Shell): Promise<void> {
  const only = (flags.only ?? CONTROLLER_NAMES).map(controllerNamed)
  const dir = folderOf(flags.dir, 'controllers', shell)
  await withCluster(flags, shell, async ({ kube, config }) => {
    // They wait for a server that is away: a person who has named the wrong one should hear of it.
    await kube.list({ kind: Kinds.CustomResourceDefinition, limit: 1 })
    const controllers = await startControllers({
      kube,
      only,
      volumesDir: join(dir, 'volumes'),
      log: (line) => shell.talk(line),
    })
    shell.talk(`Running for ${config.server}: ${only.join(', ')}. Ctrl-C stops them.`)
    await untilInterrupted(shell.signal)
    shell.talk('Stopping …')
    await controllers.close()
  })
}

function controllerNamed(name: string): ControllerName {
  const found = CONTROLLER_NAMES.find((one) => one === name.trim())
  if (found !== undefined) return found
  throw new CliError('NEXUS_CLI_USAGE', `There is no controller "${name}"`, {
    hint: `The controllers are ${CONTROLLER_NAMES.join(', ')}.`,
  })
}
