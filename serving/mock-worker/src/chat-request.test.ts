import { expect, test } from 'vitest'
import { parseChatRequest } from './chat-request.ts'
import { parseBody } from './fields.ts'
import { OpenAIError } from './openai-error.ts'

const hello = { model: 'm', messages: [{ role: 'user', content: 'hello' }] }

/** The field that the refusal of a body names. */
function refusedParam(body: string): string | null {
  try {
    parseChatRequest(parseBody(body))
  } catch (error) {
    if (error instanceof OpenAIError && error.status === 400) return error.param
    throw error
  }
  throw new Error(`accepted: ${body}`)
}

test('fields it does not know are accepted and null counts as absent', () => {
  const body = { ...hello, temperature: 0.2, tools: [], stream: null, max_tokens: null, stream_options: null }
  expect(parseChatRequest(body)).toEqual({
    model: 'm',
    texts: ['hello'],
    lastUserText: 'hello',
    maxTokens: undefined,
    tool: undefined,
    format: undefined,
    stream: false,
    includeUsage: false,
  })
})

test('the last user message is found behind other roles, and its text parts are joined', () => {
  const messages = [
    { role: 'user', content: 'first' },
    { role: 'user', content: [{ type: 'text', text: 'look' }, { type: 'image_url' }, { type: 'text', text: 'here' }] },
    { role: 'assistant', content: null, tool_calls: [] },
    { role: 'tool', content: '42' },
  ]
  const parsed = parseChatRequest({ model: 'm', messages })
  expect(parsed.lastUserText).toBe('look here')
  expect(parsed.texts).toEqual(['first', 'look here', '', '42'])
})

test('max_completion_tokens wins over max_tokens', () => {
  const body = { ...hello, max_tokens: 9, max_completion_tokens: 3 }
  expect(parseChatRequest(body).maxTokens).toBe(3)
})

test.each([
  { body: '{"model": "m"', param: null },
  { body: '[]', param: null },
  { body: JSON.stringify({ messages: hello.messages }), param: 'model' },
  { body: JSON.stringify({ model: 'm' }), param: 'messages' },
  { body: JSON.stringify({ model: 'm', messages: [] }), param: 'messages' },
  { body: JSON.stringify({ model: 'm', messages: ['hi'] }), param: 'messages.0.role' },
  { body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 7 }] }), param: 'messages.0.content' },
  { body: JSON.stringify({ ...hello, max_tokens: 0 }), param: 'max_tokens' },
  { body: JSON.stringify({ ...hello, max_completion_tokens: 1.5 }), param: 'max_completion_tokens' },
  { body: JSON.stringify({ ...hello, stream: 'yes' }), param: 'stream' },
  { body: JSON.stringify({ ...hello, stream_options: { include_usage: true } }), param: 'stream_options' },
])('400 names $param for $body', ({ body, param }) => {
  expect(refusedParam(body)).toBe(param)
})
