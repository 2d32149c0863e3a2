import { createHash } from 'node:crypto'
import { countTokens } from '../answer.ts'
import type { Faults } from '../faults/faults.ts'
import type { Fields } from '../fields.ts'
import { invalid, readLimit, readModel } from '../fields.ts'
import { textsOf } from '../inputs.ts'
import type { Reply } from '../reply.ts'

const DEFAULT_DIMENSIONS = 16
const MAX_DIMENSIONS = 4096

/** `POST /v1/embeddings`: the same text has the same unit vector, and another text most likely another one. */
export function replyToEmbeddings(fields: Fields, faults: Faults): Reply {
  const model = readModel(fields)
  const texts = textsOf(fields['input'], 'input')
  const dimensions = readLimit(fields, 'dimensions') ?? DEFAULT_DIMENSIONS
  if (dimensions > MAX_DIMENSIONS) throw invalid('dimensions', `must be at most ${MAX_DIMENSIONS}`)
  const encode = encoderOf(fields['encoding_format'] ?? 'float')
  const data = texts.map((text, index) => ({
    object: 'embedding',
    index,
    embedding: encode(vectorOf(text, dimensions)),
  }))
  const promptTokens = texts.reduce((sum, text) => sum + countTokens(text), 0)
  const usage = faults.has('no-usage') ? {} : { usage: { prompt_tokens: promptTokens, total_tokens: promptTokens } }
  return { promptTokens, tokens: 0, content: { kind: 'json', body: { object: 'list', data, model, ...usage } } }
}

function encoderOf(format: unknown): (vector: Float32Array) => string | number[] {
  if (format === 'float') return (vector) => [...vector]
  // Little-endian, as every machine that Node runs on.
  if (format === 'base64') return ({ buffer }) => Buffer.from(buffer).toString('base64')
  throw invalid('encoding_format', 'must be float or base64')
}

function vectorOf(text: string, dimensions: number): Float32Array {
  const vector = Float32Array.from({ length: dimensions })
  for (let from = 0; from < dimensions; from += 32) {
    const digest = createHash('sha256').update(`${from} ${text}`).digest()
    for (let i = 0; i < 32 && from + i < dimensions; i++) vector[from + i] = (digest[i] ?? 0) - 127.5
  }
  const length = Math.hypot(...vector)
  return vector.map((value) => value / length)
}
