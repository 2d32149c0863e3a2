import { Command, InvalidArgumentError, Option } from 'commander'
import { OUTPUT_FORMATS } from './output/print.ts'
import type { OutputFormat } from './output/print.ts'
import type { ClusterFlags } from './cluster.ts'
import type { ChatFlags } from './commands/chat.ts'
import type { DeleteFlags } from './commands/delete.ts'
import type { DownFlags } from './commands/down.ts'
import type { ListFlags } from './commands/list.ts'
import type { LogsFlags } from './commands/logs.ts'
import type { RotateKeyFlags } from './commands/rotate-key.ts'
import type { UpFlags } from './commands/up.ts'
import { addDeployCommands } from './deploy-commands.ts'
import { count, outputOption, withProject } from './flags.ts'
import { addGatewayCommands } from './gateway-commands.ts'
import { parseGpus, parseNodeCount } from './node-flags.ts'
import { addMigrationCommands } from './migration-commands.ts'
import { addSandboxPartCommands } from './sandbox-part-commands.ts'
import { VERSION } from './version.ts'
import type { Shell } from './shell.ts'

/** Flags of commands that print objects. */
export interface OutputFlags {
  readonly output?: OutputFormat
}

/**
 * The command line of `nexus`: every command maps its flags to one call. Commands load when they are used, so that
 * `nexus --version` does not wait for them.
 */
export function buildProgram(shell: Shell): Command {
  const program = new Command('nexus')
    .description('Deploy NVIDIA NIM models on Kubernetes and chat with them through one gateway.')
    .version(VERSION, '-v, --version', 'print the version')
    .exitOverride()
    .configureOutput({ writeOut: (text) => shell.out(text), writeErr: (text) => shell.talk(text.trimEnd()) })
    .showHelpAfterError('Run it with --help for the flags and an example.')
    .enablePositionalOptions()
  addSandboxCommands(program, shell)
  addSandboxPartCommands(program, shell)
  addCatalogCommands(program, shell)
  addDeployCommands(program, shell)
  addDeploymentCommands(program, shell)
  addRotateKeyCommand(program, shell)
  addMigrationCommands(program, shell)
  addGatewayCommands(program, shell)
  program
    .command('version')
    .description('print the version')
    .addOption(outputOption('json', 'yaml', 'name'))
    .action(async (flags: OutputFlags) => (await import('./commands/version.ts')).version(flags, shell))
  // Sub-commands do not inherit how errors leave: commander would end the process by itself.
  for (const command of allCommands(program)) command.exitOverride()
  return program
}

function addSandboxCommands(program: Command, shell: Shell): void {
  program
    .command('up')
    .description('start a sandbox cluster on this machine, with the catalog and the gateway')
    .option('--dir <dir>', 'where the cluster keeps everything (default: the XDG state folder)')
    .option('--api-port <port>', 'port of the Kubernetes API (default: 16443, or the next free one)', port)
    .option('--gateway-port <port>', 'port of the gateway (default: 18000, or the next free one)', port)
    .option('--nodes <count>', 'how many nodes the cluster has (default: as last time, at first 1)', parseNodeCount)
    .option(
      '--gpus <gpus>',
      'GPUs of each node, or a list: 8, 4:L40S, 8:H100,0 (default: as last time, at first 8)',
      parseGpus,
    )
    .option('--detach', 'return when it is ready and leave it running')
    .addOption(new Option('-o, --output <format>', 'how to print what it is ready with').choices(['env', 'json']))
    .addHelpText('after', '\nExample:\n  $ set -a; eval "$(nexus up --detach)"; set +a\n  $ kubectl get pods -A')
    .action(async (flags: UpFlags) => (await import('./commands/up.ts')).up(flags, shell))
  program
    .command('down')
    .description('stop a detached sandbox; what it stored stays')
    .option('--dir <dir>', 'the folder given to nexus up')
    .action(async (flags: DownFlags) => (await import('./commands/down.ts')).down(flags, shell))
  withProject(program.command('status'))
    .description('show the cluster in use, its nodes, catalog, gateway and deployments')
    .addOption(outputOption('json', 'yaml'))
    .action(async (flags: ClusterFlags & OutputFlags) => (await import('./commands/status.ts')).status(flags, shell))
}

function addCatalogCommands(program: Command, shell: Shell): void {
  const catalog = program.command('catalog').description('the models that can be deployed')
  withProject(catalog.command('list'))
    .alias('ls')
    .description('list the models, or those that match SEARCH')
    .argument('[search]', 'words of a name, display name or description')
    .addOption(outputOption(...OUTPUT_FORMATS))
    .action(async (search: string | undefined, flags: ClusterFlags & OutputFlags) =>
      (await import('./commands/catalog.ts')).catalogList(search, flags, shell),
    )
  withProject(catalog.command('show'))
    .description('show one model and its tags')
    .argument('<model>', 'its name, e.g. llama-3.1-8b-instruct')
    .addOption(outputOption('json', 'yaml', 'name'))
    .action(async (model: string, flags: ClusterFlags & OutputFlags) =>
      (await import('./commands/catalog.ts')).catalogShow(model, flags, shell),
    )
}

function addDeploymentCommands(program: Command, shell: Shell): void {
  withProject(program.command('list'))
    .alias('ls')
    .description('list deployments')
    .option('-A, --all-namespaces', 'of every project')
    .addOption(outputOption(...OUTPUT_FORMATS))
    .action(async (flags: ListFlags) => (await import('./commands/list.ts')).list(flags, shell))
  withProject(program.command('describe'))
    .description('show a deployment: its state and why, its objects, its events')
    .argument('<name>')
    .addOption(outputOption('json', 'yaml'))
    .action(async (name: string, flags: ClusterFlags & OutputFlags) =>
      (await import('./commands/describe.ts')).describe(name, flags, shell),
    )
  withProject(program.command('logs'))
    .description("print a deployment's log")
    .argument('<name>')
    .option('-f, --follow', 'go on printing as it grows')
    .option('--tail <lines>', 'only the last lines', count(0))
    .option('--previous', 'of the container before its last restart')
    .action(async (name: string, flags: LogsFlags) => (await import('./commands/logs.ts')).logs(name, flags, shell))
  withProject(program.command('chat'))
    .description('send a message through the gateway and stream the answer')
    .argument('<model>', 'a deployment of the project, PROJECT/NAME or a model id')
    .argument('[message]', 'what to say (default: standard input)')
    .option('--system <text>', 'the system message')
    .option('--max-tokens <n>', 'the longest answer', count(1))
    .option('--gateway-url <url>', 'the gateway (default: NEXUS_GATEWAY_URL, else the sandbox)')
    .addHelpText('after', '\nExample:\n  $ nexus chat llama -n demo "hello"')
    .action(async (model: string, message: string | undefined, flags: ChatFlags) =>
      (await import('./commands/chat.ts')).chat(model, message, flags, shell),
    )
  withProject(program.command('delete'))
    .description('delete a deployment; the volume with its weights stays unless it is named')
    .argument('<name>')
    .option('--delete-pvc', 'delete the volume with the weights, too')
    .option('--yes', 'do not ask')
    .option('--dry-run', 'show what would go and what would stay')
    .addOption(outputOption('json', 'yaml', 'name'))
    .action(async (name: string, flags: DeleteFlags) =>
      (await import('./commands/delete.ts')).deleteDeployment(name, flags, shell),
    )
}

function addRotateKeyCommand(program: Command, shell: Shell): void {
  withProject(program.command('rotate-key'))
    .description(
      'give a deployment another NVIDIA API key; the old one is kept until the deployment answers with the new one',
    )
    .argument('[name]')
    .option('-l, --selector <labels>', 'every deployment with these labels, one after the other')
    .option('--api-key-stdin', 'read the NVIDIA API key (nvapi-…) from standard input')
    .option('--api-key-file <file>', 'read the NVIDIA API key from a file')
    .option('--resume <id>', 'go on with a rotation that stopped')
    .option('--undo <id>', 'put the old key back')
    .addOption(
      new Option('--strategy <how>', 'how pods are replaced where no second copy fits').choices([
        'rolling',
        'recreate',
        'max-surge-0',
      ]),
    )
    .option('--skip-key-check', 'go on when NVIDIA cannot be reached to check the key')
    .option('--skip-verify', 'do not send the deployment a request before the old key is removed')
    .option('--gateway-url <url>', 'the gateway to send it through (default: NEXUS_GATEWAY_URL, else the sandbox)')
    .option('--timeout <minutes>', 'how long the new pods may take', count(1), 60)
    .option('--dry-run', 'check everything on the server and write nothing')
    .addOption(outputOption('json', 'yaml', 'name'))
    .addHelpText(
      'after',
      '\nThe key may also stand in NGC_API_KEY.\n\nExample:\n  $ nexus rotate-key llama -n demo --api-key-stdin < key.txt',
    )
    .action(async (name: string | undefined, flags: RotateKeyFlags) =>
      (await import('./commands/rotate-key.ts')).rotateKey(name, flags, shell),
    )
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)]
}

function port(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0 && value < 65_536) return value
  throw new InvalidArgumentError('A port is a number from 1 to 65535.')
}
