/** What every error of Nexus can say besides its message. */
export interface ErrorDetails {
  /** What to do next, as one sentence or one command. */
  readonly hint?: string | undefined
  /** The error this one explains. */
  readonly cause?: unknown
}

/**
 * The base of every error that Nexus raises on purpose: `message` says what happened and why, `hint` what to do next.
 *
 * Each package derives one class per boundary with its own closed union of codes (`NEXUS_<BOUNDARY>_<WHAT>`). Errors of
 * this base are rendered as text for a person; anything else that reaches a shell is a bug and keeps its stack.
 * Messages and hints never carry a secret.
 */
export class NexusError<Code extends string = string> extends Error {
  override readonly name: string = 'NexusError'
  readonly code: Code
  readonly hint: string | undefined

  constructor(code: Code, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.hint = details.hint
  }
}

/** Whether something was raised on purpose. Narrows better than `instanceof`, which forgets the type of the code. */
export function isNexusError(thrown: unknown): thrown is NexusError {
  return thrown instanceof NexusError
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
