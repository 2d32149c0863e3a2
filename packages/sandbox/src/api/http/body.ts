import type { IncomingMessage } from 'node:http'
import { parse as parseYaml } from 'yaml'
import { badRequest, unsupportedMediaType } from '../errors.ts'
import { StatusError } from '../status.ts'
import { decodeObject } from '../protobuf/decode.ts'
import { parseMediaTypes } from './negotiation.ts'

/** The largest body in bytes, kube-apiserver's own limit. */
const BODY_LIMIT = 3 * 1024 * 1024

/**
 * Reads a body whole. What comes past the limit is let through unread, so that the refusal reaches a client that is
 * still sending.
 * @throws StatusError 413 past 3 MiB, 400 where the client hangs up in the middle.
 */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= BODY_LIMIT) chunks.push(chunk)
      else reject(tooLarge())
    })
    request.once('end', () => resolve(Buffer.concat(chunks)))
    request.once('error', () => reject(badRequest('the client hung up before the end of the body')))
  })
}

function tooLarge(): StatusError {
  const message = `Request entity too large: limit is ${BODY_LIMIT}`
  return new StatusError(413, 'RequestEntityTooLarge', message, {})
}

/** The media type of a body, without parameters; JSON where the client does not say. */
export function contentTypeOf(request: IncomingMessage): string {
  return parseMediaTypes(request.headers['content-type'] ?? '')[0]?.type || 'application/json'
}

const ACCEPTED = 'application/json, application/yaml, application/vnd.kubernetes.protobuf'

/**
 * The value a body stands for, by its media type; undefined for an empty body.
 * @throws StatusError 415 for another media type, 400 for text that is not what it says.
 */
export function parseBody(body: Buffer, contentType: string): unknown {
  if (body.length === 0) return undefined
  switch (contentType) {
    case 'application/json':
      return parseText('json', (text): unknown => JSON.parse(text), body)
    case 'application/yaml':
      // No warnings: they would go to the console, and quote the text.
      return parseText('yaml', (text): unknown => parseYaml(text, { logLevel: 'error' }), body)
    case 'application/vnd.kubernetes.protobuf':
      return decodeObject(body)
    default:
      throw unsupportedMediaType(
        `the body of the request was in an unknown format - accepted media types include: ${ACCEPTED}`,
      )
  }
}

function parseText(format: string, parse: (text: string) => unknown, body: Buffer): unknown {
  try {
    return parse(body.toString('utf8'))
  } catch {
    // The parser's own message quotes the text, which may be a Secret.
    throw badRequest(`the object provided is unrecognized: ${format} parse error`)
  }
}
