import type { UpstreamError } from '../client/upstream-client.ts'
import { GatewayError } from '../errors.ts'

/** What the client is told of an upstream that failed. Its address and the exact failure stay in the log, as the cause. */
export function upstreamRefusal(error: UpstreamError, upstream: string): GatewayError {
  switch (error.kind) {
    case 'unreachable':
      return new GatewayError('no_healthy_upstream', `The upstream ${upstream} cannot be reached.`, {
        headers: { 'retry-after': '1' },
        cause: error,
      })
    case 'broken':
      return new GatewayError('upstream_error', `The upstream ${upstream} broke off its answer.`, { cause: error })
    case 'timeout':
      return new GatewayError('upstream_timeout', `The upstream ${upstream} did not answer in time.`, { cause: error })
    case 'stopped':
      return new GatewayError('upstream_error', 'The gateway stopped before the answer was complete.', { cause: error })
    default:
      return error.kind satisfies never
  }
}
