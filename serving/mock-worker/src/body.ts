import type { IncomingMessage } from 'node:http'
import { OpenAIError } from './openai-error.ts'

/** 32 MiB: more than a gateway lets through, little enough for a test machine. */
const MAX_BODY_BYTES = 32 * 1024 * 1024

/** The whole body as text; throws `OpenAIError` 413 when it is too large. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of chunksOf(request)) {
    length += chunk.length
    if (length > MAX_BODY_BYTES) throw new OpenAIError(413, `The body is larger than ${MAX_BODY_BYTES} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length).toString('utf8')
}

/** A request without an encoding yields buffers; its type does not say so. */
function chunksOf(request: IncomingMessage): AsyncIterable<Buffer> {
  return request
}
