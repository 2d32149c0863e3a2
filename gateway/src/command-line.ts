import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runKeysCommand, type CommandIo } from './auth/keys-command.ts'
import { runConfigCommand } from './config/config-command.ts'
import { runUsageCommand } from './records/usage-command.ts'

const EXIT_USAGE = 2

const USAGE = `nexus-gateway: one OpenAI-compatible address for every model

Usage:
  nexus-gateway                 serves, as GATEWAY_CONFIG_FILE and the GATEWAY_* variables say
  nexus-gateway config ...      shows and checks the configuration
  nexus-gateway keys ...        creates, lists, rotates and revokes API keys
  nexus-gateway usage ...       sums up usage records
  nexus-gateway --check         checks the configuration and exits
  nexus-gateway --version

Each command has a --help of its own.
`

/**
 * Runs `nexus-gateway` with arguments.
 *
 * @param argv what follows the name of the program; not empty
 * @returns the exit code
 */
export async function runCommandLine(argv: readonly string[], io: CommandIo): Promise<number> {
  const [command, ...rest] = argv
  switch (command) {
    case 'config':
      return runConfigCommand(rest, io)
    case 'keys':
      return runKeysCommand(rest, io)
    case 'usage':
      return runUsageCommand(rest, io)
    case '--check':
      return runConfigCommand(['check', ...rest], io)
    case '--version':
      io.stdout.write(`${version()}\n`)
      return 0
    case '--help':
    case '-h':
    case 'help':
      io.stdout.write(USAGE)
      return 0
    case undefined:
    default:
      io.stderr.write(`error: ${command ?? 'nothing'} is not a command\nRun nexus-gateway --help for the commands.\n`)
      return EXIT_USAGE
  }
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'))
  const isNamed = typeof manifest === 'object' && manifest !== null && 'version' in manifest
  return isNamed ? String(manifest.version) : 'unknown'
}
