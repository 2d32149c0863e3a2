import type { ServerResponse } from 'node:http'

/** An answer in OpenAI's error envelope: what every SDK reads `message`, `type`, `param` and `code` from. */
export class OpenAIError extends Error {
  override readonly name = 'OpenAIError'
  readonly status: number
  readonly type: string
  readonly param: string | null
  readonly code: string | null

  constructor(
    status: number,
    message: string,
    { type = 'invalid_request_error', param = null, code = null }: Envelope = {},
  ) {
    super(message)
    this.status = status
    this.type = type
    this.param = param
    this.code = code
  }
}

interface Envelope {
  readonly type?: string
  readonly param?: string | null
  readonly code?: string | null
}

/** Sends the envelope. */
export function sendError(response: ServerResponse, { status, message, type, param, code }: OpenAIError): void {
  sendJson(response, status, { error: { message, type, param, code } })
}

/** Sends an object as JSON with its length. */
export function sendJson(response: ServerResponse, status: number, value: object): void {
  const body = JSON.stringify(value)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
