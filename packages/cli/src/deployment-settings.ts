import { Option } from 'commander'
import type { Command } from 'commander'
import type { EditRequest } from '@nexus/nim-serving'
import { count } from './flags.ts'

/** The flags by which a deployment is made or changed. */
export interface SettingFlags {
  readonly displayName?: string
  readonly description?: string
  readonly replicas?: number
  readonly minReplicas?: number
  readonly maxReplicas?: number
  readonly gpu?: number
  readonly storage?: string
  readonly pvc?: string
  readonly subPath?: string
  readonly env?: readonly string[]
  readonly args?: readonly string[]
  readonly strategy?: keyof typeof STRATEGIES
  readonly route?: boolean
  readonly auth?: boolean
}

const STRATEGIES = { rolling: 'RollingUpdate', recreate: 'Recreate' } as const

/** Adds the flags of a deployment's settings, in words that fit making and changing one. */
export function withSettings(command: Command): Command {
  return command
    .option('--display-name <name>', 'its name for people')
    .option('--description <text>', 'what it is for')
    .option('--replicas <n>', 'number of copies', count(1))
    .option('--min-replicas <n>', 'fewest copies, where the cluster scales by load', count(1))
    .option('--max-replicas <n>', 'most copies', count(1))
    .option('--gpu <n>', 'GPUs of each copy', count(0))
    .option('--sub-path <folder>', 'the folder of the volume that holds the weights')
    .option('--env <name=value>', 'a variable of the container; may be repeated', collect)
    .option('--args <argument>', 'an argument of the container (--args=--flag); may be repeated', collect)
    .addOption(
      new Option('--strategy <how>', 'how pods are replaced: recreate where no second copy fits').choices(
        Object.keys(STRATEGIES),
      ),
    )
    .option('--route', 'make it reachable from outside the cluster')
    .option('--auth', 'ask callers for a token (where the platform enforces it)')
}

/** The settings that deploy and edit name alike; what was not given is undefined. */
export function settingsOf(
  flags: SettingFlags,
): Pick<
  EditRequest,
  | 'displayName'
  | 'description'
  | 'replicas'
  | 'minReplicas'
  | 'maxReplicas'
  | 'gpus'
  | 'args'
  | 'strategy'
  | 'externalRoute'
  | 'auth'
> {
  return {
    displayName: flags.displayName,
    description: flags.description,
    replicas: flags.replicas,
    minReplicas: flags.minReplicas,
    maxReplicas: flags.maxReplicas,
    gpus: flags.gpu,
    // `--args=` says that there shall be none.
    args: flags.args?.filter((argument) => argument !== ''),
    strategy: flags.strategy && STRATEGIES[flags.strategy],
    externalRoute: flags.route,
    auth: flags.auth,
  }
}

function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value]
}
