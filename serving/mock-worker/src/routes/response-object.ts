import { randomUUID } from 'node:crypto'
import type { Answer, Prompt } from '../answer.ts'
import { usageOf } from '../answer.ts'
import { textOf } from '../chat-request.ts'
import type { Fields } from '../fields.ts'
import { invalid, isRecord, readLimit } from '../fields.ts'
import { nowSeconds } from '../identity.ts'
import { responseFormat } from '../output-format.ts'
import { responseFunction } from '../tools.ts'

/** What the worker reads of a request to the responses API. */
export function responsePrompt(fields: Fields): Prompt {
  const items = parseInput(fields['input'])
  return {
    texts: items.map(({ text }) => text),
    lastUserText: items.findLast(({ role }) => role === 'user')?.text ?? '',
    maxTokens: readLimit(fields, 'max_output_tokens'),
    tool: items.at(-1)?.role === 'tool' ? undefined : responseFunction(fields),
    format: responseFormat(fields),
  }
}

/** A response of the responses API. */
export interface ResponseObject {
  readonly status: 'completed' | 'incomplete'
  readonly output: readonly OutputItem[]
}

/** A message or the call of a function. */
export type OutputItem = {
  readonly id: string
  readonly status: ResponseObject['status'] | 'in_progress'
} & (
  | { readonly type: 'message'; readonly role: 'assistant'; readonly content: readonly object[] }
  | { readonly type: 'function_call'; readonly call_id: string; readonly name: string; readonly arguments: string }
)

/** The whole response. */
export function responseOf(model: string, answer: Answer, withUsage: boolean): ResponseObject {
  const status = answer.finishReason === 'length' ? 'incomplete' : 'completed'
  const more = {
    id: `resp_${randomUUID()}`,
    object: 'response',
    created_at: nowSeconds(),
    model,
    error: null,
    incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    instructions: null,
    metadata: {},
    parallel_tool_calls: true,
    previous_response_id: null,
    store: false,
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    usage: withUsage ? responseUsage(answer) : null,
  }
  return { ...more, status, output: [outputItem(answer, status)] }
}

/** The one item of a response; empty while it is `in_progress`. */
export function outputItem({ calls, tokens }: Answer, status: OutputItem['status']): OutputItem {
  const text = status === 'in_progress' ? '' : tokens.join('')
  if (calls !== undefined) {
    const callId = `call_mock_${calls}`
    return { id: 'fc_mock_0', type: 'function_call', status, call_id: callId, name: calls, arguments: text }
  }
  const part = { type: 'output_text', text, annotations: [], logprobs: [] }
  const content = status === 'in_progress' ? [] : [part]
  return { id: 'msg_mock_0', type: 'message', status, role: 'assistant', content }
}

function responseUsage(answer: Answer): object {
  const usage = usageOf(answer, answer.tokens.length)
  return {
    input_tokens: usage.prompt_tokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: usage.completion_tokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: usage.total_tokens,
  }
}

function parseInput(input: unknown): { role: string; text: string }[] {
  if (typeof input === 'string') return [{ role: 'user', text: input }]
  if (!Array.isArray(input) || input.length === 0) throw invalid('input', 'must be a text or a list of items')
  return input.map((item: unknown, index) => {
    if (!isRecord(item)) throw invalid(`input.${index}`, 'must be an object')
    if (item['type'] === 'function_call_output') return { role: 'tool', text: '' }
    const role = typeof item['role'] === 'string' ? item['role'] : ''
    return { role, text: textOf(item['content'], `input.${index}.content`) }
  })
}
