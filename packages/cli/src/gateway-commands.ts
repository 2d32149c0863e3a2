import { Option } from 'commander'
import type { Command } from 'commander'
import type { ConfigFlags } from './commands/gateway-config.ts'
import type { CreateFlags, KeysFlags, RevokeFlags, RotateFlags } from './commands/gateway-keys.ts'
import type { UsageFlags } from './commands/gateway-usage.ts'
import { outputOption, withConnection } from './flags.ts'
import { OUTPUT_FORMATS } from './output/print.ts'
import type { Shell } from './shell.ts'

/** `nexus gateway …`: what an admin does with the gateway. All of it is done by the gateway's own program. */
export function addGatewayCommands(program: Command, shell: Shell): void {
  const gateway = program.command('gateway').description("the gateway's keys, usage and configuration")
  addKeysCommands(gateway.command('keys').description('the keys that the gateway knows, kept as digests'), shell)
  ofGateway(gateway.command('usage'))
    .description("sum up the usage records in files, or in the logs of the gateway's pods")
    .argument('[files...]', 'files with usage records; - is standard input')
    .addOption(new Option('--by <what>', 'one line for each').choices(['key', 'team', 'model', 'day']))
    .option('--since <time>', 'only records from then on')
    .option('--until <time>', 'only records before')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json', 'csv']))
    .action(async (files: string[], flags: UsageFlags) =>
      (await import('./commands/gateway-usage.ts')).gatewayUsage(files, flags, shell),
    )
  addConfigCommands(gateway.command('config').description('the configuration of a gateway started here'), shell)
}

function addKeysCommands(keys: Command, shell: Shell): void {
  ofKeys(keys.command('create'))
    .description('make a key and print it, this once')
    .argument('<name>', 'its name in logs and usage records')
    .option('--projects <list>', 'the projects whose deployments it may use, with commas between; * is all')
    .option('--models <list>', 'the only models it may ask for (default: all)')
    .option('--requests <n>', 'requests in one window, or none for no limit')
    .option('--tokens <n>', 'tokens in one minute, or none for no limit')
    .option('--concurrency <n>', 'requests in flight, or none for no limit')
    .option('--expires <time>', 'when it ends: 90s, 30m, 24h, 30d or a date')
    .option('--team <name>', 'whose usage it is')
    .option('--dry-run', 'check everything on the server and write nothing')
    .addOption(outputOption('json'))
    .addHelpText('after', '\nExample:\n  $ nexus gateway keys create app --projects demo --expires 90d > key.txt')
    .action(async (name: string, flags: CreateFlags) =>
      (await import('./commands/gateway-keys.ts')).keysCreate(name, flags, shell),
    )
  ofKeys(keys.command('list'))
    .alias('ls')
    .description('list the keys: how they begin and end, and what they may do')
    .addOption(outputOption(...OUTPUT_FORMATS))
    .action(async (flags: KeysFlags) => (await import('./commands/gateway-keys.ts')).keysList(flags, shell))
  ofKeys(keys.command('rotate'))
    .description('make a new key beside the old one, which ends after a while')
    .argument('<name>')
    .option('--overlap <span>', 'how long the old key goes on (default: 24h; 0: not at all)')
    .option('--expires <time>', 'when the new key ends (default: when the old one would have)')
    .option('--dry-run', 'check everything on the server and write nothing')
    .addOption(outputOption('json'))
    .action(async (name: string, flags: RotateFlags) =>
      (await import('./commands/gateway-keys.ts')).keysRotate(name, flags, shell),
    )
  ofKeys(keys.command('revoke'))
    .description('end every key of a name, within seconds')
    .argument('<name>')
    .option('--yes', 'do not ask')
    .option('--dry-run', 'check everything on the server and write nothing')
    .addOption(outputOption('json'))
    .action(async (name: string, flags: RevokeFlags) =>
      (await import('./commands/gateway-keys.ts')).keysRevoke(name, flags, shell),
    )
}

function addConfigCommands(config: Command, shell: Shell): void {
  ofConfig(config.command('print'))
    .description('print what its file and variables come to, without the secrets')
    .option('--origin', 'with where each value is from')
    .addOption(outputOption('json', 'yaml'))
    .action(async (flags: ConfigFlags) =>
      (await import('./commands/gateway-config.ts')).gatewayConfig('print', flags, shell),
    )
  ofConfig(config.command('check'))
    .description('say what is wrong with its file and variables')
    .action(async (flags: ConfigFlags) =>
      (await import('./commands/gateway-config.ts')).gatewayConfig('check', flags, shell),
    )
}

function ofConfig(command: Command): Command {
  return command.option('--file <file>', 'the file, in place of GATEWAY_CONFIG_FILE')
}

function ofKeys(command: Command): Command {
  return ofGateway(command).option('--secret <name>', 'the Secret of the keys', 'nexus-gateway-keys')
}

function ofGateway(command: Command): Command {
  return withConnection(command.option('-n, --namespace <namespace>', 'where the gateway runs (default: nexus)'))
}
