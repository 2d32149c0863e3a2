import type { IncomingHttpHeaders } from 'node:http'

/** A call to an upstream. */
export interface UpstreamRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: Buffer
  /** Ends the call at once, at any point; `reason` is what `send` or the body then throws. */
  readonly signal: AbortSignal
}

/** The head of an upstream's answer, and its body as it arrives. Leaving the iteration early ends the call. */
export interface UpstreamResponse {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: AsyncIterable<Uint8Array>
}

/**
 * Posts to upstreams. Reads ahead of the consumer only by a small fixed buffer, decodes nothing and follows no
 * redirect. Waiting is bounded by the caller's signal, except for connecting. A call that a kept connection failed
 * before the head of its answer is sent once more; nothing else is repeated.
 */
export interface UpstreamClient {
  /** @throws UpstreamError when no head of an answer arrived; the body throws it when the answer breaks off */
  send(request: UpstreamRequest): Promise<UpstreamResponse>
  close(): Promise<void>
}

/**
 * How an upstream failed: `unreachable` no connection, `broken` the connection or the answer broke off, `timeout` it was
 * silent for too long. `message` is for the log: it may name internal addresses.
 */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError' as const
  readonly kind: 'unreachable' | 'broken' | 'timeout'

  constructor(kind: UpstreamError['kind'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}
