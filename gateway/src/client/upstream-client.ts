import type { IncomingHttpHeaders } from 'node:http'

/** A call to one endpoint. */
export interface UpstreamRequest {
  readonly method: 'GET' | 'POST'
  /** From `/v1/…` on; the client adds what its address has before it. */
  readonly path: string
  /** In lower case, without `host`, `content-length` and whatever else belongs to one connection. */
  readonly headers: Readonly<Record<string, string | string[]>>
  /** Sent one after the other, as one body. */
  readonly body: readonly Uint8Array[]
}

/** The head of an answer. Interim answers (1xx) never show. */
export interface UpstreamHead {
  readonly status: number
  /** Names in lower case, as `node:http` joins them. */
  readonly headers: IncomingHttpHeaders
}

/**
 * One call under way. `head` once, then `read` until it gives undefined, or `abort` at any time.
 *
 * Nothing is decoded, no redirect followed, and no more is read from the connection than a small fixed buffer ahead of
 * `read`: a slow client slows the upstream down.
 */
export interface UpstreamCall {
  /** @throws UpstreamError when no head arrives, or the reason of `abort` */
  head(): Promise<UpstreamHead>
  /**
   * The next piece of the body, undefined after the last one. A piece that is there already is returned as it is.
   *
   * @throws UpstreamError `broken` when the answer breaks off, or the reason of `abort`
   */
  read(): Uint8Array | undefined | Promise<Uint8Array | undefined>
  /** Ends the call at once and closes its connection. Without effect once the answer is complete. */
  abort(reason: Error): void
}

/**
 * Calls one endpoint over connections that it keeps. A call that a kept connection failed before the first byte of an
 * answer is sent once more on a new connection, since the server may just have closed it; nothing else is repeated.
 * Waiting is bounded only for connecting (`connectMs`): the caller watches the rest and aborts.
 */
export interface UpstreamClient {
  start(request: UpstreamRequest): UpstreamCall
  /** Breaks off the calls under way and closes all connections. */
  close(): Promise<void>
}

/** What every client is made with. */
export interface ClientOptions {
  readonly connectMs: number
  /** How long an idle connection is kept; a `keep-alive: timeout=` of the server shortens it. */
  readonly idleMs: number
  /**
   * Connections at a time; further calls wait for one. A GET does not wait: it asks after a server's health and load,
   * and a busy server is not a sick one.
   */
  readonly maxConnections: number
}

/**
 * How an upstream failed: `unreachable` no connection, `broken` the connection or the answer broke off or was not HTTP,
 * `timeout` it was silent for too long; `stopped`: not the upstream, but this gateway ended the call. `message` is for the
 * log: it may name internal addresses.
 */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError' as const
  readonly kind: 'unreachable' | 'broken' | 'timeout' | 'stopped'

  constructor(kind: UpstreamError['kind'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}
