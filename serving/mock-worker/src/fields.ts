import { OpenAIError } from './openai-error.ts'

/** The fields of a request's body, not yet looked at. */
export type Fields = Readonly<Record<string, unknown>>

/** Parses a body; throws `OpenAIError` 400 when it is not a JSON object. */
export function parseBody(body: string): Fields {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    throw new OpenAIError(400, 'The body is not valid JSON.')
  }
  if (!isRecord(value)) throw new OpenAIError(400, 'The body must be a JSON object.')
  return value
}

/** The `model` that every inference request names. */
export function readModel(fields: Fields): string {
  const model = fields['model']
  if (typeof model !== 'string' || model === '') throw invalid('model', 'must be the name of a model')
  return model
}

/** A flag; absent and null are false. */
export function readFlag(value: unknown, param: string): boolean {
  if (value === undefined || value === null) return false
  if (typeof value === 'boolean') return value
  throw invalid(param, 'must be true or false')
}

/** A whole number of at least 1; undefined when absent or null. */
export function readLimit(fields: Fields, param: string): number | undefined {
  const value = fields[param] ?? undefined
  if (value === undefined) return undefined
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value
  throw invalid(param, 'must be a whole number of at least 1')
}

/** An object; undefined when absent or null. */
export function readObject(fields: Fields, param: string): Fields | undefined {
  const value = fields[param] ?? undefined
  if (value === undefined || isRecord(value)) return value
  throw invalid(param, 'must be an object')
}

/** A list of at least one entry. */
export function readList(fields: Fields, param: string, entries: string): readonly unknown[] {
  const value = fields[param]
  if (!Array.isArray(value) || value.length === 0) throw invalid(param, `must be a list of at least one ${entries}`)
  return value
}

/** What is streamed, and whether its usage is wanted: `stream` and `stream_options.include_usage`. */
export function readStreaming(fields: Fields): { readonly stream: boolean; readonly includeUsage: boolean } {
  const stream = readFlag(fields['stream'], 'stream')
  const options = readObject(fields, 'stream_options')
  if (options !== undefined && !stream) {
    // In the words of a NIM, which some clients look for.
    const message = 'Stream options can only be defined when stream=True'
    throw new OpenAIError(400, message, { param: 'stream_options' })
  }
  return { stream, includeUsage: readFlag(options?.['include_usage'], 'stream_options.include_usage') }
}

/** The refusal of a field. */
export function invalid(param: string, problem: string): OpenAIError {
  return new OpenAIError(400, `${param} ${problem}.`, { param })
}

/** Whether a value is an object and no list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
