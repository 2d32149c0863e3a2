import type { IncomingMessage } from 'node:http'
import { parse as parseYaml } from 'yaml'
import { badRequest, unsupportedMediaType } from '../errors.ts'
import { StatusError } from '../status.ts'
import { parseMediaTypes } from './negotiation.ts'

/** The largest body in bytes, kube-apiserver's own limit. */
const BODY_LIMIT = 3 * 1024 * 1024

/**
 * Reads a body whole.
 * @throws StatusError 413 past 3 MiB.
 */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue
    length += chunk.length
    if (length > BODY_LIMIT) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function tooLarge(): StatusError {
  const message = `Request entity too large: limit is ${BODY_LIMIT}`
  return new StatusError(413, 'RequestEntityTooLarge', message, {})
}

/** The media type of a body, without parameters; JSON where the client does not say. */
export function contentTypeOf(request: IncomingMessage): string {
  return parseMediaTypes(request.headers['content-type'] ?? '')[0]?.type || 'application/json'
}

const ACCEPTED = 'application/json, application/yaml'

/**
 * The value a body stands for, JSON or YAML by its media type; undefined for an empty body.
 * @throws StatusError 415 for another media type, 400 for text that is not what it says.
 */
export function parseBody(text: string, contentType: string): unknown {
  const yaml = contentType === 'application/yaml'
  if (!yaml && contentType !== 'application/json') {
    throw unsupportedMediaType(
      `the body of the request was in an unknown format - accepted media types include: ${ACCEPTED}`,
    )
  }
  if (text.trim() === '') return undefined
  try {
    const value: unknown = yaml ? parseYaml(text) : JSON.parse(text)
    return value
  } catch {
    // The parser's own message quotes the text, which may be a Secret.
    throw badRequest(`the object provided is unrecognized: ${yaml ? 'yaml' : 'json'} parse error`)
  }
}
