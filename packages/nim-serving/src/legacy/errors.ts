import { NexusError, redact } from '@nexus/core'
import type { ErrorDetails } from '@nexus/core'

export type LegacyErrorCode =
  /** A step failed. What was done stays; the same command goes on from there. */
  'NEXUS_LEGACY_INCOMPLETE'

/** What older platforms left could not be removed. */
export class LegacyError extends NexusError<LegacyErrorCode> {
  override readonly name = 'LegacyError'

  constructor(code: LegacyErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, redact(message), details)
  }
}
