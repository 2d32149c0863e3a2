import { UpstreamError } from '../client/upstream-client.ts'
import { GatewayError, toGatewayError } from '../errors.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { ErrorForm } from './error-event.ts'
import { upstreamRefusal } from './upstream-refusal.ts'
import type { ReportedUsage } from './usage.ts'

/** How an answer is passed on. */
export interface DeliverOptions {
  readonly exchange: Exchange
  /** The upstream's name, as the client may know it. */
  readonly upstream: string
  /** What the gateway says of the call. */
  readonly headers: Readonly<Record<string, string>>
  /** The gateway asked for usage in the stream and the client did not. */
  readonly stripUsage: boolean
  /** How a stream that breaks off says so. */
  readonly errorForm: ErrorForm
  /** How long a stream may be silent before the client gets a comment; 0 means for ever. */
  readonly heartbeatMs: number
  /** How long the upstream may be silent. */
  readonly idleMs: number
  /** Called for every event in which text was generated, with the monotonic clock. */
  readonly onToken?: (nowMs: number) => void
}

/** What became known of an answer's tokens. */
interface Counted {
  /** As the upstream reported it. */
  readonly usage: ReportedUsage | undefined
  /** Events in which text was generated; 0 for what is no stream. */
  readonly deltas: number
}

/** How a call ended once its answer had begun. */
export type RelayOutcome = Counted &
  (
    | { readonly kind: 'complete' }
    | { readonly kind: 'client-gone' }
    /** The upstream broke off or reported an error, and the client was told so, as far as its format allows. */
    | { readonly kind: 'cut'; readonly error: GatewayError }
  )

/** Whether it is the client that ended the answer. */
export function hasLeft(error: unknown, exchange: Exchange): boolean {
  return exchange.isClientGone || (error instanceof GatewayError && error.code === 'client_closed_request')
}

/** What the client is told of an answer that broke off. */
export function refusalFor(error: unknown, upstream: string): GatewayError {
  return error instanceof UpstreamError ? upstreamRefusal(error, upstream) : toGatewayError(error)
}
