/** One thing that is wrong with the configuration. Never carries the value of a secret. */
export interface ConfigProblem {
  /** The environment variable at fault. */
  readonly variable: string
  readonly problem: string
}

/** Thrown at start with everything that is wrong, so that it can be mended in one go. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError' as const
  readonly code = 'NEXUS_GATEWAY_CONFIG_INVALID' as const
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ variable, problem }) => `  ${variable}: ${problem}`)
    super(`The gateway's configuration is not valid:\n${lines.join('\n')}`)
    this.problems = problems
  }
}
