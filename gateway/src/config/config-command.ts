import { parseArgs } from 'node:util'
import type { CommandIo } from '../auth/keys-command.ts'
import { messageOf } from '../errors.ts'
import { describeConfig } from './describe-config.ts'
import { ConfigError, EXIT_CONFIG } from './errors.ts'
import { renderJsonSchema } from './json-schema.ts'
import { loadConfig, type LoadedConfig } from './load-config.ts'

const EXIT_USAGE = 2

const USAGE = `nexus-gateway config: the configuration that a gateway would start with here

Usage:
  nexus-gateway config print  [--origin] [-o yaml|json] [--file FILE]
  nexus-gateway config check  [--file FILE]
  nexus-gateway config schema

  print         the whole configuration, defaults included, without secrets
  check         says what is wrong with it; exits with ${EXIT_CONFIG} if anything is
  schema        the JSON Schema of the file, for editors
  --origin      beside each value where it came from: default, a variable, or a file and its line
  --redact      leaves secrets out; it always does
  --file        the file, in place of GATEWAY_CONFIG_FILE
`

/** The command line cannot be understood. */
class ConfigUsageError extends Error {
  override readonly name = 'ConfigUsageError' as const
}

/**
 * Runs `nexus-gateway config …`.
 *
 * @param argv what follows `config`
 * @returns the exit code: 2 for a wrong command line, 78 for a wrong configuration
 */
export async function runConfigCommand(argv: readonly string[], io: Omit<CommandIo, 'stdin'>): Promise<number> {
  if (argv.length === 0 || argv.includes('--help') || argv.includes('-h')) {
    io.stdout.write(USAGE)
    return argv.length === 0 ? EXIT_USAGE : 0
  }
  try {
    io.stdout.write(answer(argv, io))
    return 0
  } catch (error) {
    if (error instanceof ConfigError) {
      io.stderr.write(`${error.message}\n`)
      return EXIT_CONFIG
    }
    if (!(error instanceof ConfigUsageError)) throw error
    io.stderr.write(`error: ${error.message}\nRun nexus-gateway config --help for the flags.\n`)
    return EXIT_USAGE
  }
}

function answer(argv: readonly string[], io: Omit<CommandIo, 'stdin'>): string {
  const { verb, values } = parse(argv)
  switch (verb) {
    case 'print':
      return describeConfig(load(values.file, io), {
        format: formatOf(values.output),
        withOrigin: values.origin === true,
      })
    case 'check':
      load(values.file, io)
      return 'the configuration is valid\n'
    case 'schema':
      return renderJsonSchema()
    case undefined:
    default:
      throw new ConfigUsageError(`${verb ?? 'nothing'} is not something that can be done with the configuration`)
  }
}

/** Warnings go to stderr: stdout may be read by a program. */
function load(file: string | undefined, { env, stderr }: Omit<CommandIo, 'stdin'>): LoadedConfig {
  const loaded = loadConfig(file === undefined ? env : { ...env, GATEWAY_CONFIG_FILE: file })
  for (const warning of loaded.warnings) stderr.write(`warning: ${warning}\n`)
  return loaded
}

function parse(argv: readonly string[]) {
  try {
    const { positionals, values } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        origin: { type: 'boolean' },
        redact: { type: 'boolean' },
        output: { type: 'string', short: 'o' },
        file: { type: 'string' },
      },
    })
    const [verb, other] = positionals
    if (other !== undefined) throw new ConfigUsageError(`${other} is one word too many`)
    return { verb, values }
  } catch (error) {
    throw error instanceof ConfigUsageError ? error : new ConfigUsageError(messageOf(error))
  }
}

function formatOf(text = 'yaml'): 'yaml' | 'json' {
  if (text === 'yaml' || text === 'json') return text
  throw new ConfigUsageError('-o must be yaml or json')
}
