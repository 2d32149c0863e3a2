import { NexusError, redact } from '@nexus/core'
import type { ErrorDetails } from '@nexus/core'

export type MigrateErrorCode =
  /** The name cannot be one of a deployment. */
  | 'NEXUS_MIGRATE_INPUT'
  /** There is no ServingRuntime of this name, and no InferenceService that names one. */
  | 'NEXUS_MIGRATE_NOT_FOUND'
  /** The deployment is on its way out. */
  | 'NEXUS_MIGRATE_DELETING'
  /** No container of the ServingRuntime has the variable `NGC_API_KEY`. */
  | 'NEXUS_MIGRATE_NO_KEY_VARIABLE'
  /** A Secret has to be written, and no key was given for it. */
  | 'NEXUS_MIGRATE_KEY_INPUT'
  /** The key to be reused is not there. */
  | 'NEXUS_MIGRATE_KEY_NOT_FOUND'
  /** The key to be reused is a legacy or organisation key: NIM needs a personal one. */
  | 'NEXUS_MIGRATE_KEY_LEGACY'
  /** A Secret of the deployment holds another key than the given one. */
  | 'NEXUS_MIGRATE_KEY_DIFFERS'
  /** The server would refuse a write; nothing was written. */
  | 'NEXUS_MIGRATE_REFUSED'
  /** A write failed. What was written stays; the same command goes on from there. */
  | 'NEXUS_MIGRATE_INCOMPLETE'
  /** Read again after the writes, the references are not those that were written. */
  | 'NEXUS_MIGRATE_NOT_VERIFIED'
  /** The references have moved, and the new pods are not ready in time. */
  | 'NEXUS_MIGRATE_NOT_READY'
  /** Something still uses the shared Secrets; the message names it. */
  | 'NEXUS_MIGRATE_SHARED_SECRETS_IN_USE'
  /** Who uses the shared Secrets could not be read, so they stay. */
  | 'NEXUS_MIGRATE_USERS_UNREADABLE'

/** A deployment could not be moved to Secrets of its own, or the shared Secrets could not be removed. */
export class MigrateError extends NexusError<MigrateErrorCode> {
  override readonly name = 'MigrateError'

  constructor(code: MigrateErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, redact(message), details)
  }
}
