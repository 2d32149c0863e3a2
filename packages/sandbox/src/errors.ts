import { NexusError } from '@nexus/core'

export type SandboxErrorCode =
  /** A port that was asked for is taken, or no default is free. */
  | 'NEXUS_SANDBOX_PORT_IN_USE'
  /** Another process serves a sandbox from this folder. */
  | 'NEXUS_SANDBOX_RUNNING'
  /** No sandbox runs in this folder. */
  | 'NEXUS_SANDBOX_NOT_RUNNING'
  /** Something did not become ready in time. */
  | 'NEXUS_SANDBOX_NOT_READY'

/** The sandbox could not be started, found or stopped. */
export class SandboxError extends NexusError<SandboxErrorCode> {
  override readonly name = 'SandboxError'
}
