import { isNexusError, messageOf, NexusError, redact } from '@nexus/core'
import { Interrupted } from './shell.ts'

export type CliErrorCode =
  /** The command line does not say what is needed. */
  | 'NEXUS_CLI_USAGE'
  /** No way to a cluster was found. */
  | 'NEXUS_CLI_NO_CLUSTER'
  /** No way to a gateway was found. */
  | 'NEXUS_CLI_NO_GATEWAY'
  /** The gateway refused or broke off. */
  | 'NEXUS_CLI_GATEWAY'
  /** The gateway has no such model, or not for this key. */
  | 'NEXUS_CLI_MODEL_NOT_FOUND'
  /** The gateway does not know the key. */
  | 'NEXUS_CLI_GATEWAY_FORBIDDEN'
  /** The gateway's own program is not here, or failed. */
  | 'NEXUS_CLI_GATEWAY_PROGRAM'
  /** The gateway's own program cannot read what it was given: a configuration, usage records, or the document of the keys. */
  | 'NEXUS_CLI_GATEWAY_INPUT'
  /** The gateway has no key of that name. */
  | 'NEXUS_CLI_KEY_NOT_FOUND'
  /** The gateway's keys do not allow the change: a name that is taken, a key that has expired. */
  | 'NEXUS_CLI_KEY_IN_USE'
  /** A safety question was answered with no, or could not be asked. */
  | 'NEXUS_CLI_NOT_CONFIRMED'
  /** What was waited for did not happen. */
  | 'NEXUS_CLI_NOT_READY'

/** The command itself cannot go on. */
export class CliError extends NexusError<CliErrorCode> {
  override readonly name = 'CliError'
}

/** Documented in docs/reference/cli.md. */
export const ExitCode = {
  failure: 1,
  usage: 2,
  notFound: 3,
  forbidden: 4,
  notReady: 5,
  refused: 6,
  interrupted: 130,
} as const

/** What went wrong by the words of its code; `KubeApiError` says it by its reason. */
const EXIT_CODES: readonly (readonly [RegExp, number])[] = [
  [/_(USAGE|INPUT|KEY_MALFORMED|KEY_LEGACY)$/, ExitCode.usage],
  [/_(NOT_FOUND|NAMESPACE_MISSING|TEMPLATE_MISSING)$|_UNKNOWN_/, ExitCode.notFound],
  [/_(FORBIDDEN|KEY_INVALID)$/, ExitCode.forbidden],
  [/_(NOT_READY|NOT_VERIFIED|TIMEOUT)$/, ExitCode.notReady],
  [
    /_(NOT_CONFIRMED|DIFFERS|DELETING|NAME_TAKEN|IN_USE|RUNNING|EDIT_CONFLICT|EDIT_SHARED|PVC_INCOMPATIBLE|PVC_RESIZE)$/,
    ExitCode.refused,
  ],
  [/_(ALREADY_OPEN|NO_ROOM|NOT_OWN_SECRETS|SECRET_CHANGED)$/, ExitCode.refused],
  [/_ABORTED$/, ExitCode.interrupted],
]

/** The exit code of a command that ended with `thrown`. */
export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof Interrupted) return ExitCode.interrupted
  const status = statusOf(thrown)
  if (status === 404) return ExitCode.notFound
  if (status === 401 || status === 403) return ExitCode.forbidden
  if (!isNexusError(thrown)) return ExitCode.failure
  return EXIT_CODES.find(([words]) => words.test(thrown.code))?.[1] ?? ExitCode.failure
}

function statusOf(thrown: unknown): unknown {
  return thrown instanceof Error && 'status' in thrown ? thrown.status : undefined
}

/** An error as a person reads it: what happened, why, what to do next. A stack only for what is a bug. */
export function renderError(thrown: unknown): string {
  if (thrown instanceof Interrupted) return 'Interrupted.'
  if (!isNexusError(thrown)) {
    return redact(`error: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`)
  }
  const lines = [`error: ${thrown.message}`]
  for (const reason of reasonsOf(thrown)) lines.push(`  because: ${reason}`)
  // Further lines stand under the first.
  if (thrown.hint !== undefined) lines.push(`  next: ${thrown.hint.replaceAll('\n', '\n        ')}`)
  return redact(lines.join('\n'))
}

/** The messages down the chain of causes that add something to the one above. */
function reasonsOf(error: Error): string[] {
  const reasons: string[] = []
  let above = error.message
  for (let cause = error.cause; cause !== undefined && reasons.length < 3;) {
    const message = messageOf(cause)
    if (message !== '' && !above.includes(message)) reasons.push(message)
    above = message
    cause = cause instanceof Error ? cause.cause : undefined
  }
  return reasons
}
