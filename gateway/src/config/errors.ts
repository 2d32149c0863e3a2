/** EX_CONFIG of sysexits.h: starting again without a change is of no use. */
export const EXIT_CONFIG = 78

/** One thing that is wrong with the configuration. Never carries the value of a secret. */
export interface ConfigProblem {
  /** The environment variable at fault, or the file and its line: `gateway.yaml:12`. Empty, if nothing was set at all. */
  readonly where: string
  /** The field at fault, as in the reference. */
  readonly field?: string
  readonly problem: string
}

/** Thrown at start with everything that is wrong, so that it can be mended in one go. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError' as const
  readonly code = 'NEXUS_GATEWAY_CONFIG_INVALID' as const
  readonly problems: readonly ConfigProblem[]

  /** @param warnings what else should be known */
  constructor(problems: readonly ConfigProblem[], warnings: readonly string[] = []) {
    const notes = warnings.map((warning) => `\n  warning: ${warning}`).join('')
    super(
      `The gateway's configuration is not valid:\n${problems.map((problem) => `  ${renderProblem(problem)}`).join('\n')}${notes}`,
    )
    this.problems = problems
  }
}

function renderProblem({ where, field, problem }: ConfigProblem): string {
  const place =
    where === '' ? field : field === undefined || where.startsWith('GATEWAY_') ? where : `${where} (${field})`
  return `${place ?? 'configuration'}: ${problem}`
}
