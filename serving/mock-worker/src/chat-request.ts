import { OpenAIError } from './openai-error.ts'

/** What the worker reads of a chat request. Other fields are accepted and ignored: a mock does not sample. */
export interface ChatRequest {
  readonly model: string
  /** The text of each message, in order. */
  readonly texts: readonly string[]
  /** The text of the last message whose role is `user`; empty when there is none. */
  readonly lastUserText: string
  /** The most tokens to answer with; undefined: no limit. */
  readonly maxTokens: number | undefined
  readonly stream: boolean
  /** `stream_options.include_usage` */
  readonly includeUsage: boolean
}

/** Parses the body of `POST /v1/chat/completions`; throws `OpenAIError` 400 naming the field that is wrong. */
export function parseChatRequest(body: string): ChatRequest {
  const fields = parseObject(body)
  const model = fields['model']
  if (typeof model !== 'string' || model === '') throw invalid('model', 'must be the name of a model')
  const messages = parseMessages(fields['messages'])
  const stream = parseFlag(fields['stream'], 'stream')
  const options = fields['stream_options'] ?? undefined
  if (options !== undefined && !isRecord(options)) throw invalid('stream_options', 'must be an object')
  if (options !== undefined && !stream) throw invalid('stream_options', 'can only be defined when stream is true')
  return {
    model,
    texts: messages.map(({ text }) => text),
    lastUserText: messages.findLast(({ role }) => role === 'user')?.text ?? '',
    maxTokens: parseLimit(fields, 'max_completion_tokens') ?? parseLimit(fields, 'max_tokens'),
    stream,
    includeUsage: parseFlag(options?.['include_usage'], 'stream_options.include_usage'),
  }
}

function parseObject(body: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    throw new OpenAIError(400, 'The body is not valid JSON.')
  }
  if (!isRecord(value)) throw new OpenAIError(400, 'The body must be a JSON object.')
  return value
}

function parseMessages(value: unknown): { role: string; text: string }[] {
  if (!Array.isArray(value) || value.length === 0) throw invalid('messages', 'must be a list of at least one message')
  return value.map((message: unknown, index) => {
    if (!isRecord(message) || typeof message['role'] !== 'string') throw invalid(`messages.${index}.role`, 'is missing')
    return { role: message['role'], text: textOf(message['content'], `messages.${index}.content`) }
  })
}

/** The text of a message: a string, or the `text` parts of a list; images and sounds are passed over. */
function textOf(content: unknown, param: string): string {
  if (typeof content === 'string') return content
  if (content === null || content === undefined) return '' // an assistant message that only calls tools
  if (!Array.isArray(content)) throw invalid(param, 'must be a string or a list of parts')
  const parts: unknown[] = content
  return parts
    .filter(isRecord)
    .map((part) => part['text'])
    .filter((text) => typeof text === 'string')
    .join(' ')
}

function parseLimit(fields: Record<string, unknown>, param: string): number | undefined {
  const value = fields[param] ?? undefined
  if (value === undefined) return undefined
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value
  throw invalid(param, 'must be a whole number of at least 1')
}

function parseFlag(value: unknown, param: string): boolean {
  if (value === undefined || value === null) return false
  if (typeof value === 'boolean') return value
  throw invalid(param, 'must be true or false')
}

function invalid(param: string, problem: string): OpenAIError {
  return new OpenAIError(400, `${param} ${problem}.`, { param })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
