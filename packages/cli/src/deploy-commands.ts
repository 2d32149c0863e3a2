import type { Command } from 'commander'
import type { DeployFlags } from './commands/deploy.ts'
import type { EditFlags } from './commands/edit.ts'
import type { StartFlags, StopFlags } from './commands/start-stop.ts'
import { withSettings } from './deployment-settings.ts'
import { count, outputOption, withProject } from './flags.ts'
import type { Shell } from './shell.ts'

/** `nexus deploy`, `edit`, `stop` and `start`: what makes and changes a deployment. */
export function addDeployCommands(program: Command, shell: Shell): void {
  addDeploy(program, shell)
  addEdit(program, shell)
  withProject(program.command('stop'))
    .description('stop a deployment and free its GPUs; its objects and its weights stay')
    .argument('<name>')
    .option('--dry-run', 'check it on the server and write nothing')
    .addOption(outputOption('json', 'yaml', 'name'))
    .action(async (name: string, flags: StopFlags) =>
      (await import('./commands/start-stop.ts')).stop(name, flags, shell),
    )
  withWait(withProject(program.command('start')))
    .description('start a deployment that was stopped')
    .argument('<name>')
    .option('--dry-run', 'check it on the server and write nothing')
    .addOption(outputOption('json', 'yaml', 'name'))
    .action(async (name: string, flags: StartFlags) =>
      (await import('./commands/start-stop.ts')).start(name, flags, shell),
    )
}

function addDeploy(program: Command, shell: Shell): void {
  const command = withProject(program.command('deploy'))
    .description('deploy a model of the catalog')
    .argument('<model>', 'its name, with :TAG for another than the latest')
    .requiredOption('--name <name>', 'name of the deployment')
    .option('--api-key-stdin', 'read the NVIDIA API key (nvapi-…) from standard input')
    .option('--api-key-file <file>', 'read the NVIDIA API key from a file')
    .option('--hardware-profile <name>', 'sizes and places it by a profile of the cluster')
    .option('--storage <size>', 'size of the volume for the weights (default: 50Gi, or that of the volume there is)')
    .option('--storage-class <name>', "the volume's StorageClass (default: that of the cluster)")
    .option('--pvc <name>', 'a volume that is there, in place of one of its own')
  withWait(withSettings(command))
    .option('--create-namespace', 'create the project when it does not exist')
    .option('--skip-key-check', 'go on when NVIDIA cannot be reached to check the key')
    .option('--dry-run', 'check everything on the server and write nothing')
    .addOption(outputOption('json', 'yaml', 'name'))
    .addHelpText(
      'after',
      '\nThe key may also stand in NGC_API_KEY.\n\nExample:\n  $ nexus deploy llama-3.1-8b-instruct --name llama -n demo --api-key-stdin --wait < key.txt',
    )
    .action(async (model: string, flags: DeployFlags) =>
      (await import('./commands/deploy.ts')).deploy(model, flags, shell),
    )
}

function addEdit(program: Command, shell: Shell): void {
  const command = withProject(program.command('edit'))
    .description('change a deployment; what is not named stays, and one that was stopped starts')
    .argument('<name>')
    .option('--model <model>', ':TAG for another version of its model')
    .option('--hardware-profile <name>', 'sizes and places it by another profile of the cluster')
    .option('--no-hardware-profile', 'forget its profile and where that placed it; its sizes stay')
    .option('--storage <size>', 'a larger size of its volume')
    .option('--pvc <name>', 'another volume, which has to be there')
  withWait(withSettings(command))
    .option('--no-route', 'make it reachable inside the cluster only')
    .option('--no-auth', 'ask callers for no token, and delete the tokens')
    .option('--yes', 'do not ask before --no-auth deletes tokens')
    .option('--overwrite', 'write over what somebody else changes at the same time')
    .option('--dry-run', 'show what would change, let the server check it and write nothing')
    .addOption(outputOption('json', 'yaml', 'name'))
    .addHelpText(
      'after',
      '\nExamples:\n  $ nexus edit llama -n demo --model :1.8.5 --wait\n  $ nexus edit llama -n demo --env NIM_LOG_LEVEL=INFO --env OLD- --args=--verbose',
    )
    .action(async (name: string, flags: EditFlags) => (await import('./commands/edit.ts')).edit(name, flags, shell))
}

function withWait(command: Command): Command {
  return command
    .option('--wait', 'wait until the deployment is ready')
    .option('--timeout <minutes>', 'how long --wait waits', count(1), 60)
}
