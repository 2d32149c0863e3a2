import { NexusError, redact } from '@nexus/core'
import type { ErrorDetails } from '@nexus/core'

export type RotateErrorCode =
  /** The deployment reads its key from Secrets that are not its own, or from none; nothing was written. */
  | 'NEXUS_ROTATE_NOT_OWN_SECRETS'
  /** Another rotation of this deployment is open; nothing was written. */
  | 'NEXUS_ROTATE_ALREADY_OPEN'
  /** No rotation of this id is open. */
  | 'NEXUS_ROTATE_NOT_FOUND'
  /** The new copy would wait for the old one's place for ever, or nobody knows; nothing was written. */
  | 'NEXUS_ROTATE_NO_ROOM'
  /** The server refused a write in the dry run; nothing was written. */
  | 'NEXUS_ROTATE_REFUSED'
  /** Somebody else changed a Secret of the rotation; it stays open. */
  | 'NEXUS_ROTATE_SECRET_CHANGED'
  /** A write failed; the rotation stays open, and with it the old key. */
  | 'NEXUS_ROTATE_FAILED'
  /** The pods with the new key do not become ready; the rotation stays open. */
  | 'NEXUS_ROTATE_NOT_READY'
  /** The deployment does not answer a request; the rotation stays open. */
  | 'NEXUS_ROTATE_NOT_VERIFIED'
  /** The caller gave up; the rotation stays open. */
  | 'NEXUS_ROTATE_ABORTED'

/** A key could not be rotated. What stays open is continued or taken back: the hint says by which command. */
export class RotateError extends NexusError<RotateErrorCode> {
  override readonly name = 'RotateError'

  constructor(code: RotateErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, redact(message), details)
  }
}
