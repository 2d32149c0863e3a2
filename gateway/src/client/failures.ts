import { messageOf } from '../errors.ts'
import { UpstreamError } from './upstream-client.ts'

const CONNECT_FAILURES = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
])

/** A failure of a connection as an {@link UpstreamError}: `unreachable` if there never was one, else `broken`. */
export function explainFailure(error: Error): UpstreamError {
  const isUnreachable = codesOf(error).some((code) => CONNECT_FAILURES.has(code))
  return new UpstreamError(isUnreachable ? 'unreachable' : 'broken', messageOf(error), { cause: error })
}

/** The codes of an error and, where several addresses were tried, of each attempt. */
function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  const own = 'code' in error && typeof error.code === 'string' ? [error.code] : []
  return error instanceof AggregateError ? [...own, ...error.errors.flatMap(codesOf)] : own
}
