import { CliError } from './errors.ts'

/** Variables that a command sets and takes away. */
export interface EnvFlags {
  readonly set: readonly { readonly name: string; readonly value: string }[]
  readonly unset: readonly string[]
}

/**
 * Reads `NAME=VALUE`, and `NAME-` for a variable to take away, as kubectl does.
 * @throws CliError NEXUS_CLI_USAGE, without the value: it may be one that nobody should see
 */
export function parseEnvFlags(flags: readonly string[] = []): EnvFlags {
  const set = flags.filter((flag) => flag.includes('=')).map(splitVariable)
  const others = flags.filter((flag) => !flag.includes('='))
  const wrong = others.filter((flag) => !/^[A-Za-z_][\w.-]*-$/.test(flag))
  if (wrong.length > 0) {
    throw new CliError('NEXUS_CLI_USAGE', `--env needs NAME=VALUE, and this has no "=": ${wrong.join(', ')}`, {
      hint: 'Write --env NAME=VALUE; in an edit, --env NAME- takes the variable away.',
    })
  }
  return { set, unset: others.map((flag) => flag.slice(0, -1)) }
}

function splitVariable(flag: string): { name: string; value: string } {
  const equals = flag.indexOf('=')
  return { name: flag.slice(0, equals), value: flag.slice(equals + 1) }
}
