import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'

/**
 * One request and its answer, whatever transport carries them. The hot path knows nothing else of HTTP servers.
 *
 * An answer is either `respond`, once; or `open`, then any number of `write`, then `end` or `cut`. What could be done at
 * once returns no promise, so that the common case costs none.
 */
export interface Exchange {
  /** The client's `x-request-id` if it is well-formed, else a new one. Sent back on every answer. */
  readonly requestId: string
  readonly method: string
  /** The path as it came, neither decoded nor normalised, without the query. */
  readonly path: string
  /** Header names in lower case. */
  readonly headers: IncomingHttpHeaders
  /** The address of the connection's other end. */
  readonly remoteAddress: string
  /** The client left before it had the whole answer. */
  readonly isClientGone: boolean

  /** Calls `listener` once when the client leaves too early, at once if it has. A later listener replaces an earlier one. */
  whenClientGone(listener: (() => void) | undefined): void

  /** Calls `listener` once when the answer was handed over completely, was cut, or the client has left. */
  whenClosed(listener: () => void): void

  /**
   * Reads the whole request body.
   *
   * @throws GatewayError `request_too_large` as soon as the announced or received size passes `maxBytes`,
   *   `unsupported_content_encoding`, `request_timeout` or `client_closed_request`; at once or as a rejection
   */
  readBody(maxBytes: number): Buffer | Promise<Buffer>

  /** Sends a whole answer. */
  respond(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void

  /** Sets the head of an answer that follows in pieces; it travels with the first of them. */
  open(status: number, headers: OutgoingHttpHeaders): void

  /**
   * Sends one piece. A promise, where there is one, resolves when the client can take another, which is what bounds the
   * bytes in memory.
   *
   * @throws GatewayError `client_closed_request` when the client left, or did not read for `clientStallMs`; at once or as
   *   a rejection
   */
  write(chunk: Uint8Array): void | Promise<void>

  /** Completes the answer. */
  end(): void

  /** Breaks the connection, so that the client sees that the answer is not complete. */
  cut(): void

  /** What has been sent so far: 0 until there is a status. */
  readonly sent: { readonly status: number; readonly bodyBytes: number }
}
