import type { Command } from 'commander'
import type { CleanupFlags } from './commands/cleanup-legacy.ts'
import type { MigrateFlags } from './commands/migrate.ts'
import { count, outputOption, withConnection, withProject } from './flags.ts'
import { OUTPUT_FORMATS } from './output/print.ts'
import type { Shell } from './shell.ts'

/** `nexus migrate` and `nexus cleanup`: from what older platforms left to what this one makes. */
export function addMigrationCommands(program: Command, shell: Shell): void {
  withProject(program.command('migrate'))
    .description('give a deployment Secrets of its own in place of those its project shares')
    .option('-d, --deployment <name>', 'the deployment')
    .option('--api-key-stdin', 'read a personal NVIDIA API key (nvapi-…) from standard input')
    .option('--api-key-file <file>', 'read the key from a file')
    .option('-k, --api-key <key>', 'the key itself, which then shows in the process list')
    .option('--reuse-key', 'take the key that the deployment has; it must be a personal one')
    .option('--plan', 'list all deployments of the project, and what a migration would do')
    .option('--cleanup', 'delete the shared Secrets, where nothing uses them any more')
    .option('--dry-run', 'show the changes, let the server check them and write nothing')
    .option('--timeout <minutes>', 'how long to wait for new pods', count(1), 60)
    .option('--yes', 'do not ask before --cleanup deletes')
    .addOption(outputOption(...OUTPUT_FORMATS))
    .addHelpText(
      'after',
      '\nExamples:\n  $ nexus migrate -n demo --plan\n  $ nexus migrate -n demo -d llama --api-key-stdin < key.txt\n' +
        '  $ nexus migrate -n demo --cleanup',
    )
    .action(async (flags: MigrateFlags) => (await import('./commands/migrate.ts')).migrate(flags, shell))
  const cleanup = program.command('cleanup').description('remove what older platforms left behind')
  withConnection(cleanup.command('legacy'))
    .description('remove NIM Accounts, what was made for them, their webhook, definition and roles')
    .option('--plan', 'show what would go and what would stay, and change nothing')
    .option('--dsc', 'drop the nim field of the DataScienceCluster, too; without this its patch is printed')
    .option('--yes', 'do not ask')
    .addOption(outputOption('json', 'yaml', 'name'))
    .action(async (flags: CleanupFlags) => (await import('./commands/cleanup-legacy.ts')).cleanupLegacy(flags, shell))
}
