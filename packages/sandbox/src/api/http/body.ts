import type { IncomingMessage } from 'node:http'
import { parseDocument } from 'yaml'
import { badRequest, unsupportedMediaType } from '../errors.ts'
import { checkDepth } from '../objects/depth.ts'
import { StatusError } from '../status.ts'
import { decodeObject } from '../protobuf/decode.ts'
import { parseMediaTypes } from './negotiation.ts'

/** The largest body in bytes, kube-apiserver's own limit. */
const BODY_LIMIT = 3 * 1024 * 1024
/** The longest text in YAML that is no JSON: to read it takes two seconds if it is made to take long. */
const YAML_LIMIT = 1024 * 1024

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

function tooLarge(limit = BODY_LIMIT): StatusError {
  const message = `Request entity too large: limit is ${limit}`
  return new StatusError(413, 'RequestEntityTooLarge', message)
}

/** The media type of a body, without parameters; JSON where the client does not say, empty where it says nothing sensible. */
export function contentTypeOf(request: IncomingMessage): string {
  const header = request.headers['content-type'] ?? ''
  return header === '' ? 'application/json' : (parseMediaTypes(header)[0]?.type ?? '')
}

const ACCEPTED = 'application/json, application/yaml, application/vnd.kubernetes.protobuf'

/**
 * The value a body stands for, by its media type; undefined for an empty body. `kind` is what the client was to send.
 * @throws StatusError 415 for another media type, 400 for text that is not what it says.
 */
export function parseBody(body: Buffer, contentType: string, kind: string): unknown {
  if (body.length === 0) return undefined
  switch (contentType) {
    case 'application/json':
      return parseText(body, kind, parseJson)
    case 'application/yaml':
      return parseText(body, kind, parseYaml)
    case 'application/vnd.kubernetes.protobuf':
      return decodeObject(body)
    default:
      throw unsupportedMediaType(
        `the body of the request was in an unknown format - accepted media types include: ${ACCEPTED}`,
      )
  }
}

function parseText(body: Buffer, kind: string, parse: (text: string) => unknown): unknown {
  try {
    const value = parse(body.toString('utf8'))
    checkDepth(value)
    return value
  } catch (error) {
    if (error instanceof StatusError) throw error
    // The parser's own message quotes the text, which may be a Secret.
    const what = `the object provided is unrecognized (must be of type ${kind})`
    throw badRequest(`${what}: couldn't get version/kind; ${parse === parseJson ? 'json' : 'yaml'} parse error`)
  }
}

/** Numbers that could be integers beyond those that JavaScript counts exactly, wherever they stand. */
const LONG_NUMBER = /\d{16}/

function parseJson(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text)
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    const source = context?.source ?? ''
    if (typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)) throw tooPrecise(source)
    return value
  })
}

/** To store another number than the client sent would be worse than to refuse it. */
function tooPrecise(source: string): StatusError {
  return badRequest(`the number ${source} cannot be kept exactly: integers go to ${Number.MAX_SAFE_INTEGER}`)
}

/** How YAML of clients is parsed. */
export const YAML_OPTIONS = {
  /** No warnings: they would go to the console, and quote the text. */
  logLevel: 'error',
  uniqueKeys: false,
  /** Errors with their lines would take a time that grows with the square of the text: minutes for three mebibytes. */
  prettyErrors: false,
} as const

/** The first document of a text. Of a key that is there twice the last counts, as in JSON. */
function parseYaml(text: string): unknown {
  // What clients send as YAML is mostly JSON, which is YAML, too, and read a hundred times as fast.
  return text.startsWith('{') ? (parsedJson(text) ?? parseDocuments(text)) : parseDocuments(text)
}

function parsedJson(text: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof StatusError) throw error
    return undefined
  }
}

function parseDocuments(text: string): unknown {
  if (text.length > YAML_LIMIT) throw tooLarge(YAML_LIMIT)
  const document = parseDocument(text, YAML_OPTIONS)
  const [error] = document.errors.filter(({ code }) => code !== 'MULTIPLE_DOCS')
  if (error) throw error
  return document.toJS()
}
