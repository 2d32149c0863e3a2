/** One HTTP request to the API server, `path` with its query and without the server's address. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal | undefined
}

/** A whole answer, of any status. */
export interface HttpAnswer {
  readonly status: number
  readonly header: (name: string) => string | undefined
  readonly text: string
}

/** An answer whose body arrives as it is pulled. Leaving the iteration closes the connection. */
export interface HttpStream {
  readonly status: number
  readonly header: (name: string) => string | undefined
  readonly chunks: AsyncIterable<Uint8Array>
}

/**
 * How requests reach one API server: connections, TLS and credentials. Both methods reject with `TransportFailure` when no
 * whole answer arrives, and with the signal's reason when the caller aborts; a status of 400 or above is an answer.
 */
export interface Transport {
  /** The server's address, as errors show it. */
  readonly server: string
  /** Sends and reads the whole answer, within the transport's deadline. */
  call(request: HttpRequest): Promise<HttpAnswer>
  /** Sends and answers as soon as the head is there; the body has no deadline, unless the status is 400 or above. */
  open(request: HttpRequest): Promise<HttpStream>
}

/** Why no answer came: `reset` may pass when tried again, `unreachable` and `tls` will not by themselves. */
export type TransportFailureKind = 'unreachable' | 'tls' | 'timeout' | 'reset'

/** No whole answer. The API client turns it into a `KubeApiError` that names the call. */
export class TransportFailure extends Error {
  override readonly name = 'TransportFailure'
  readonly kind: TransportFailureKind

  constructor(kind: TransportFailureKind, message: string, cause: unknown) {
    super(message, { cause })
    this.kind = kind
  }
}
