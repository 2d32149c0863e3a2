import { messageOf, redact } from '@nexus/core'
import { KubeApiError } from '@nexus/kube'
import type { KubeRequest, KubeStatus } from '@nexus/kube'

/**
 * What a function of the SDK threw, as the error every client of this project throws. Errors of the SDK carry the status
 * as `code` or in `response`, and the server's own words as `json`; an abort stays what it is.
 */
export function toKubeApiError(thrown: unknown, request: KubeRequest, signal?: AbortSignal): unknown {
  if (signal?.aborted === true) return signal.reason
  if (thrown instanceof KubeApiError) return thrown
  const body = statusIn(thrown)
  const status = body?.code ?? numberAt(thrown, 'code') ?? numberAt(fieldOf(thrown, 'response'), 'status') ?? 0
  if (status === 0) {
    const answer = { status, reason: 'Unreachable', request }
    return new KubeApiError('NEXUS_KUBE_UNREACHABLE', redact(`no answer: ${messageOf(thrown)}`), answer, {
      cause: thrown,
    })
  }
  return refusal(status, body, request, messageOf(thrown))
}

/** Some dashboards' fetches resolve with the `Status` of a failure in place of the object. */
export function requireNoFailure(value: unknown, request: KubeRequest): unknown {
  const body = statusIn(value)
  if (body === undefined || body.status !== 'Failure') return value
  throw refusal(body.code ?? 500, body, request, '')
}

function refusal(status: number, body: KubeStatus | undefined, request: KubeRequest, words: string): KubeApiError {
  const message = redact(`${request.method} ${request.path}: ${body?.message ?? words}`)
  const reason = body?.reason ?? REASONS[status] ?? 'Unknown'
  return new KubeApiError('NEXUS_KUBE_REFUSED', message, { status, reason, body, request })
}

/** As API servers name them where an answer carries no `Status`. */
const REASONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Gone',
  422: 'Invalid',
  429: 'TooManyRequests',
}

function statusIn(value: unknown): KubeStatus | undefined {
  return [value, fieldOf(value, 'json'), fieldOf(value, 'statusObject')].find(isStatus)
}

function isStatus(value: unknown): value is KubeStatus {
  return fieldOf(value, 'kind') === 'Status' && typeof fieldOf(value, 'status') === 'string'
}

function numberAt(value: unknown, field: string): number | undefined {
  const found = fieldOf(value, field)
  return typeof found === 'number' ? found : undefined
}

/** A field of anything, undefined where there is none. */
export function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined
}
