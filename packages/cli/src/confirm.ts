import { CliError } from './errors.ts'
import { Interrupted } from './shell.ts'
import type { Shell } from './shell.ts'

/** A safety question, and the words around it. */
export interface SafetyQuestion {
  /** `Delete llama?` */
  readonly question: string
  /** `Deleting llama` */
  readonly doing: string
  /** Said after a no: `Nothing was deleted`. */
  readonly refused: string
}

/**
 * Asks before something is destroyed.
 *
 * @throws CliError NEXUS_CLI_NOT_CONFIRMED after a no, and where nobody can be asked
 */
export async function confirm({ question, doing, refused }: SafetyQuestion, shell: Shell): Promise<void> {
  if (shell.stdin.isTTY !== true || !shell.interactive) {
    throw new CliError('NEXUS_CLI_NOT_CONFIRMED', `${doing} needs a yes, and nobody can be asked here`, {
      hint: 'Look at what would go, above, and add --yes.',
    })
  }
  const prompts = await import('@clack/prompts')
  const answer = await prompts.confirm({ message: question, initialValue: false, output: process.stderr })
  if (prompts.isCancel(answer)) throw new Interrupted('SIGINT')
  if (!answer) throw new CliError('NEXUS_CLI_NOT_CONFIRMED', refused)
}
