import type { Prompt } from './answer.ts'
import type { Fields } from './fields.ts'
import { invalid, isRecord, readLimit, readList, readModel, readStreaming } from './fields.ts'
import { chatFormat } from './output-format.ts'
import { chatFunction } from './tools.ts'

/** What the worker reads of a chat request. Other fields are accepted and ignored: a mock does not sample. */
export interface ChatRequest extends Prompt {
  readonly model: string
  readonly stream: boolean
  /** `stream_options.include_usage` */
  readonly includeUsage: boolean
}

/** Parses the body of `POST /v1/chat/completions`; throws `OpenAIError` 400 naming the field that is wrong. */
export function parseChatRequest(fields: Fields): ChatRequest {
  const model = readModel(fields)
  const messages = readList(fields, 'messages', 'message').map(parseMessage)
  return {
    model,
    texts: messages.map(({ text }) => text),
    lastUserText: messages.findLast(({ role }) => role === 'user')?.text ?? '',
    maxTokens: readLimit(fields, 'max_completion_tokens') ?? readLimit(fields, 'max_tokens'),
    // The answer to what a tool returned is text, or a client that runs tools would never come to an end.
    tool: messages.at(-1)?.role === 'tool' ? undefined : chatFunction(fields),
    format: chatFormat(fields),
    ...readStreaming(fields),
  }
}

function parseMessage(message: unknown, index: number): { role: string; text: string } {
  if (!isRecord(message) || typeof message['role'] !== 'string') throw invalid(`messages.${index}.role`, 'is missing')
  return { role: message['role'], text: textOf(message['content'], `messages.${index}.content`) }
}

/** The text of a message: a string, or the `text` parts of a list; images and sounds are passed over. */
export function textOf(content: unknown, param: string): string {
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
