/**
 * Every answer the gateway gives in its own name, by code: the HTTP status and the OpenAI `error.type`.
 * The official clients read `error.message/type/param/code` and retry on 408, 409, 429 and 5xx.
 */
const ANSWERS = {
  invalid_json: { status: 400, type: 'invalid_request_error' },
  invalid_model: { status: 400, type: 'invalid_request_error' },
  ambiguous_model: { status: 400, type: 'invalid_request_error' },
  bad_request: { status: 400, type: 'invalid_request_error' },
  invalid_api_key: { status: 401, type: 'invalid_request_error' },
  model_not_allowed: { status: 403, type: 'permission_error' },
  admin_forbidden: { status: 403, type: 'permission_error' },
  model_not_found: { status: 404, type: 'invalid_request_error' },
  unknown_url: { status: 404, type: 'invalid_request_error' },
  method_not_allowed: { status: 405, type: 'invalid_request_error' },
  request_timeout: { status: 408, type: 'timeout' },
  request_in_progress: { status: 409, type: 'invalid_request_error' },
  request_too_large: { status: 413, type: 'request_too_large' },
  unsupported_content_encoding: { status: 415, type: 'invalid_request_error' },
  rate_limit_exceeded: { status: 429, type: 'rate_limit_error' },
  headers_too_large: { status: 431, type: 'invalid_request_error' },
  /** The client left before the answer was complete: logged and counted, never sent. */
  client_closed_request: { status: 499, type: 'client_closed_request' },
  internal_error: { status: 500, type: 'server_error' },
  upstream_error: { status: 502, type: 'upstream_error' },
  no_healthy_upstream: { status: 503, type: 'overloaded_error' },
  overloaded: { status: 503, type: 'overloaded_error' },
  limiter_unavailable: { status: 503, type: 'overloaded_error' },
  auth_unavailable: { status: 503, type: 'overloaded_error' },
  upstream_timeout: { status: 504, type: 'upstream_timeout' },
} as const

/** The closed set of `error.code` values that the gateway itself answers. */
export type GatewayErrorCode = keyof typeof ANSWERS

/** What an error can say besides its message. */
export interface GatewayErrorDetails {
  /** The field of the request at fault, as in `error.param`. */
  readonly param?: string
  /** Extra response headers, for example `allow` or `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** A refusal or failure that the client is told about as an OpenAI error envelope. Messages never carry a secret. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError' as const
  readonly code: GatewayErrorCode
  readonly param: string | null
  readonly headers: Readonly<Record<string, string>>

  constructor(code: GatewayErrorCode, message: string, details: GatewayErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.param = details.param ?? null
    this.headers = details.headers ?? {}
  }

  /** The HTTP status of this error's code. */
  get status(): number {
    return ANSWERS[this.code].status
  }
}

/** The body of an error answer: `{"error":{"message","type","param","code"}}`. */
export function renderEnvelope(error: GatewayError): string {
  return JSON.stringify(envelopeOf(error))
}

/** What {@link renderEnvelope} writes. */
export function envelopeOf({ code, message, param }: GatewayError) {
  return { error: { message, type: ANSWERS[code].type, param, code } }
}

/** Anything that was thrown, as an error the client may see: an unexpected one keeps its text for the log alone. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  return new GatewayError('internal_error', 'The gateway failed to handle this request.', { cause: thrown })
}

/** An error with what caused it, for the log: unlike the client, it may read internal addresses. */
export function describeForLog(error: GatewayError): string {
  return error.cause === undefined ? error.message : `${error.message} (${messageOf(error.cause)})`
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
