import { answerTo, usageOf } from '../answer.ts'
import type { Answer } from '../answer.ts'
import type { ChatRequest } from '../chat-request.ts'
import { parseChatRequest } from '../chat-request.ts'
import type { Faults } from '../faults/faults.ts'
import type { Fields } from '../fields.ts'
import { identity } from '../identity.ts'
import type { Frame, Reply } from '../reply.ts'

/** `POST /v1/chat/completions`: one choice, plain or streamed. */
export function replyToChat(fields: Fields, faults: Faults): Reply {
  const request = parseChatRequest(fields)
  const answer = answerTo(request, faults)
  const withUsage = !faults.has('no-usage')
  return {
    promptTokens: answer.promptTokens,
    tokens: answer.tokens.length,
    content: request.stream
      ? { kind: 'stream', frames: frames(request, answer, withUsage), done: '[DONE]' }
      : { kind: 'json', body: completion(request, answer, withUsage) },
  }
}

function completion({ model }: ChatRequest, answer: Answer, withUsage: boolean): object {
  return {
    ...identity('chat.completion', model),
    choices: [{ index: 0, message: messageOf(answer), logprobs: null, finish_reason: answer.finishReason }],
    ...(withUsage && { usage: usageOf(answer, answer.tokens.length) }),
  }
}

function messageOf({ calls, tokens }: Answer): object {
  const text = tokens.join('')
  if (calls === undefined) return { role: 'assistant', content: text, refusal: null }
  return { role: 'assistant', content: null, refusal: null, tool_calls: [toolCall(calls, text)] }
}

/** Role, content, finish, usage when asked for. With `include_usage` each chunk carries `usage: null`, as OpenAI's do. */
function* frames(request: ChatRequest, answer: Answer, withUsage: boolean): Generator<Frame> {
  const base = identity('chat.completion.chunk', request.model)
  const usage = request.includeUsage && withUsage ? { usage: null } : {}
  const chunk = (delta: object, finishReason: string | null = null): object => ({
    ...base,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
    ...usage,
  })
  yield { part: 'opening', data: chunk(openingDelta(answer)) }
  for (const token of answer.tokens) yield { part: 'token', data: chunk(tokenDelta(answer, token)) }
  yield { part: 'closing', data: chunk({}, answer.finishReason) }
  if (!request.includeUsage || !withUsage) return
  yield { part: 'closing', data: { ...base, choices: [], usage: usageOf(answer, answer.tokens.length) } }
}

function openingDelta({ calls }: Answer): object {
  if (calls === undefined) return { role: 'assistant', content: '' }
  return { role: 'assistant', content: null, tool_calls: [{ index: 0, ...toolCall(calls, '') }] }
}

function tokenDelta({ calls }: Answer, token: string): object {
  return calls === undefined ? { content: token } : { tool_calls: [{ index: 0, function: { arguments: token } }] }
}

function toolCall(name: string, args: string): object {
  return { id: `call_mock_${name}`, type: 'function', function: { name, arguments: args } }
}
