import { NexusError } from '@nexus/core'
import type { ErrorDetails } from '@nexus/core'

export type KubeApiErrorCode =
  /** The server answered with a status of 400 or above. */
  | 'NEXUS_KUBE_REFUSED'
  /** No answer: connection refused, DNS, TLS, a broken body. */
  | 'NEXUS_KUBE_UNREACHABLE'
  /** No answer in time. */
  | 'NEXUS_KUBE_TIMEOUT'

/** The `Status` object with which a Kubernetes API server refuses. */
export interface KubeStatus {
  kind?: 'Status'
  status?: string
  message?: string
  reason?: string
  code?: number
  details?: {
    name?: string
    group?: string
    kind?: string
    uid?: string
    retryAfterSeconds?: number
    causes?: { reason?: string; message?: string; field?: string }[]
  }
}

/** The request an error answers, as `verb` and path without the server's address. */
export interface KubeRequest {
  readonly method: string
  readonly path: string
}

/**
 * An API call failed. `status` is the HTTP status (0: no answer), `reason` the server's (`NotFound`, `AlreadyExists`,
 * `Conflict`, `Invalid`, `Forbidden`, …), `body` its whole `Status`, `request` the call.
 */
export class KubeApiError extends NexusError<KubeApiErrorCode> {
  override readonly name = 'KubeApiError'
  readonly status: number
  readonly reason: string
  readonly body: KubeStatus | undefined
  readonly request: KubeRequest

  constructor(
    code: KubeApiErrorCode,
    message: string,
    answer: { status: number; reason: string; body?: KubeStatus | undefined; request: KubeRequest },
    details: ErrorDetails = {},
  ) {
    super(code, message, details)
    this.status = answer.status
    this.reason = answer.reason
    this.body = answer.body
    this.request = answer.request
  }
}

export function isNotFound(thrown: unknown): thrown is KubeApiError {
  return thrown instanceof KubeApiError && thrown.status === 404
}

/** 403: the user has no right to it. Also said of a kind that does not exist, to whoever has no rights. */
export function isForbidden(thrown: unknown): thrown is KubeApiError {
  return thrown instanceof KubeApiError && thrown.status === 403
}

/** 409 because an object of this name exists. */
export function isAlreadyExists(thrown: unknown): thrown is KubeApiError {
  return thrown instanceof KubeApiError && thrown.reason === 'AlreadyExists'
}

/** 409 because somebody wrote in between. */
export function isConflict(thrown: unknown): thrown is KubeApiError {
  return thrown instanceof KubeApiError && thrown.reason === 'Conflict'
}
