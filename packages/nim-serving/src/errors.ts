import { NexusError, redact } from '@nexus/core'
import type { ErrorDetails } from '@nexus/core'

export type DeployErrorCode =
  /** The request itself is wrong; the message lists every problem. */
  | 'NEXUS_DEPLOY_INPUT'
  /** Not the shape of a personal key. */
  | 'NEXUS_DEPLOY_KEY_MALFORMED'
  /** A legacy or organisation key: NIM needs a personal one. */
  | 'NEXUS_DEPLOY_KEY_LEGACY'
  /** NVIDIA answers 401: wrong, expired or revoked. */
  | 'NEXUS_DEPLOY_KEY_INVALID'
  /** NVIDIA answers 403: the key or its organisation lacks a permission. */
  | 'NEXUS_DEPLOY_KEY_FORBIDDEN'
  /** NVIDIA answers 429. */
  | 'NEXUS_DEPLOY_KEY_RATE_LIMITED'
  /** NVIDIA answers 451: the law forbids it the answer from where this was asked. */
  | 'NEXUS_DEPLOY_KEY_RESTRICTED'
  /** NVIDIA answers with an error of its own. */
  | 'NEXUS_DEPLOY_KEY_UNAVAILABLE'
  /** NVIDIA does not answer: nothing listens, or no route leads there. */
  | 'NEXUS_DEPLOY_KEY_UNREACHABLE'
  /** The name of NVIDIA's service is not found. */
  | 'NEXUS_DEPLOY_KEY_DNS'
  /** The certificate of whoever answers is not trusted. */
  | 'NEXUS_DEPLOY_KEY_TLS'
  /** NVIDIA takes too long to answer. */
  | 'NEXUS_DEPLOY_KEY_TIMEOUT'
  /** The connection breaks before an answer. */
  | 'NEXUS_DEPLOY_KEY_RESET'
  /** The proxy on the way does not let the question through, or is not there. */
  | 'NEXUS_DEPLOY_KEY_PROXY'
  | 'NEXUS_DEPLOY_NAMESPACE_MISSING'
  | 'NEXUS_DEPLOY_TEMPLATE_MISSING'
  | 'NEXUS_DEPLOY_TEMPLATE_INVALID'
  /** The cluster does not know InferenceServices or ServingRuntimes. */
  | 'NEXUS_DEPLOY_KSERVE_MISSING'
  /** An object of this name exists and is no part of a NIM deployment. */
  | 'NEXUS_DEPLOY_NAME_TAKEN'
  /** The deployment exists with other inputs. */
  | 'NEXUS_DEPLOY_DIFFERS'
  /** An object of this name is on its way out. */
  | 'NEXUS_DEPLOY_DELETING'
  /** The PVC cannot hold this deployment. */
  | 'NEXUS_DEPLOY_PVC_INCOMPATIBLE'
  /** The PVC cannot be resized so: it only grows, and only where its StorageClass allows it. */
  | 'NEXUS_DEPLOY_PVC_RESIZE'
  /** No StorageClass of this name, and no volume of that class. */
  | 'NEXUS_DEPLOY_STORAGE_CLASS_NOT_FOUND'
  /** No hardware profile of this name. */
  | 'NEXUS_DEPLOY_PROFILE_NOT_FOUND'
  /** A hardware profile cannot be read. */
  | 'NEXUS_DEPLOY_PROFILE_INVALID'
  /** Somebody else has changed the deployment since it was read. */
  | 'NEXUS_DEPLOY_EDIT_CONFLICT'
  /** An edit ended half-way; the same edit again completes it. */
  | 'NEXUS_DEPLOY_EDIT_INCOMPLETE'
  /** Other deployments share the ServingRuntime and would be changed as well. */
  | 'NEXUS_DEPLOY_EDIT_SHARED'
  /** A part of the deployment is missing, so that it cannot be changed. */
  | 'NEXUS_DEPLOY_INCOMPLETE'
  /** The server refused an object in the dry run; nothing was written. */
  | 'NEXUS_DEPLOY_REFUSED'
  /** A write failed; everything this call had created was removed again. */
  | 'NEXUS_DEPLOY_FAILED'
  /** A write failed, and so did the removal of something this call had created. */
  | 'NEXUS_DEPLOY_ROLLBACK_INCOMPLETE'
  /** The caller gave up; everything this call had created was removed again. */
  | 'NEXUS_DEPLOY_ABORTED'
  /** There is no NIM deployment of this name. */
  | 'NEXUS_DEPLOY_NOT_FOUND'
  /** The InferenceService of this name is no NIM deployment. */
  | 'NEXUS_DEPLOY_NOT_NIM'
  /** A deletion did not get to its end. */
  | 'NEXUS_DEPLOY_DELETE_INCOMPLETE'

/** An input in which an existing deployment differs from what was asked for. */
export interface FieldDifference {
  readonly field: string
  readonly live: string
  readonly wanted: string
  /** What it was when the caller read it; with `NEXUS_DEPLOY_EDIT_CONFLICT`. */
  readonly base?: string | undefined
}

export interface DeployErrorDetails extends ErrorDetails {
  readonly differences?: readonly FieldDifference[] | undefined
  readonly leftovers?: readonly string[] | undefined
}

/**
 * A NIM deployment could not be made, read or removed. `differences` stands with `NEXUS_DEPLOY_DIFFERS` and `NEXUS_DEPLOY_EDIT_CONFLICT`; `leftovers` are
 * the commands that remove what a failed call could not.
 */
export class DeployError extends NexusError<DeployErrorCode> {
  override readonly name = 'DeployError'
  readonly differences: readonly FieldDifference[]
  readonly leftovers: readonly string[]

  constructor(code: DeployErrorCode, message: string, details: DeployErrorDetails = {}) {
    super(code, redact(message), details)
    this.differences = details.differences ?? []
    this.leftovers = details.leftovers ?? []
  }
}
