import type { ServerResponse } from 'node:http'
import { stringify as stringifyYaml } from 'yaml'
import { StatusError } from '../status.ts'
import type { AnswerForm } from './negotiation.ts'

/** About what the system takes for a client that does not read. */
const SMALL_BYTES = 64 * 1024
/** How long a client may read nothing of a larger answer. */
const STALLED_AFTER_MS = 60_000

/** Sends one JSON text. */
export function sendJson(response: ServerResponse, code: number, json: string, type = 'application/json'): void {
  sendBytes(response, code, Buffer.from(json), type)
}

/** Sends a whole body. */
export function sendBytes(response: ServerResponse, code: number, body: Buffer, type: string): void {
  response.writeHead(code, {
    'content-type': type,
    'content-length': body.length,
    'cache-control': 'no-cache, private',
  })
  // A watch has limits of its own; of any other answer the server keeps the whole text until it is read.
  if (body.length > SMALL_BYTES) response.setTimeout(STALLED_AFTER_MS, () => response.destroy())
  response.end(body)
}

/** Sends one value in the encoding the client asked for. */
export function sendValue(response: ServerResponse, code: number, value: object, { encoding }: AnswerForm): void {
  if (encoding === 'yaml') return sendJson(response, code, stringifyYaml(value), 'application/yaml')
  sendJson(response, code, JSON.stringify(value))
}

/** Sends plain text, as the health endpoints do. */
export function sendText(response: ServerResponse, code: number, text: string): void {
  sendJson(response, code, text, 'text/plain; charset=utf-8')
}

/** Answers a path at which there is nothing, as Go's servers do. */
export function sendPageNotFound(response: ServerResponse): void {
  sendText(response, 404, '404 page not found\n')
}

/**
 * Sends a refusal as a Status. Anything that is not a StatusError is a fault of the server: the client learns only that
 * there was one, because the message may quote an object.
 */
export function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const status = error instanceof StatusError ? error : new StatusError(500, 'InternalError', 'Internal error occurred')
  // A client whose body is refused may still be sending it: its connection is of no further use.
  if (status.code === 413) response.setHeader('connection', 'close')
  sendJson(response, status.code, JSON.stringify(status.toStatus()))
}
