import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Answer } from './answer.ts'
import { usageOf } from './answer.ts'
import type { ChatRequest } from './chat-request.ts'
import { sendJson } from './openai-error.ts'

/** What a completion needs beside the request and its answer. */
export interface CompletionDeps {
  readonly tokenDelayMs: number
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal
  /** Called for each token when it has been generated. */
  readonly onToken: (count: number) => void
}

/** Sends the answer in one piece. */
export function sendCompletion(
  response: ServerResponse,
  request: ChatRequest,
  answer: Answer,
  deps: CompletionDeps,
): void {
  deps.onToken(answer.tokens.length)
  sendJson(response, 200, {
    ...identity('chat.completion', request.model),
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: answer.tokens.join(''), refusal: null },
        logprobs: null,
        finish_reason: answer.finishReason,
      },
    ],
    usage: usageOf(answer, answer.tokens.length),
  })
}

/**
 * Sends the answer token by token as server-sent events: role, content, finish, usage when asked for, `[DONE]`.
 * Rejects with an AbortError as soon as the client has gone: no further token is generated.
 */
export async function streamCompletion(
  response: ServerResponse,
  request: ChatRequest,
  answer: Answer,
  deps: CompletionDeps,
): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
  })
  const chunk = chunkWriter(request)
  await send(response, chunk({ role: 'assistant', content: '' }), deps.signal)
  for (const [index, token] of answer.tokens.entries()) {
    if (index > 0) await pause(deps)
    deps.onToken(1)
    await send(response, chunk({ content: token }), deps.signal)
  }
  await send(response, chunk({}, answer.finishReason), deps.signal)
  if (request.includeUsage) await send(response, chunk.usage(answer), deps.signal)
  response.end('data: [DONE]\n\n')
}

/** Makes the chunks of one stream. With `include_usage` each carries `usage: null`, as OpenAI's do. */
function chunkWriter(request: ChatRequest) {
  const base = identity('chat.completion.chunk', request.model)
  const usage = request.includeUsage ? { usage: null } : {}
  const chunk = (delta: object, finishReason: string | null = null): object => ({
    ...base,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
    ...usage,
  })
  return Object.assign(chunk, {
    usage: (answer: Answer): object => ({ ...base, choices: [], usage: usageOf(answer, answer.tokens.length) }),
  })
}

function identity(object: string, model: string): object {
  return { id: `mock-worker-${randomUUID()}`, object, created: Math.floor(Date.now() / 1000), model }
}

/** Even without a delay the event loop turns between tokens, or a client that leaves would not be noticed. */
async function pause({ tokenDelayMs, signal }: CompletionDeps): Promise<void> {
  await (tokenDelayMs === 0 ? nextTurn(undefined, { signal }) : sleep(tokenDelayMs, undefined, { signal }))
}

/** Writes one event and waits while the client reads more slowly than we write. */
async function send(response: ServerResponse, event: object, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  if (!response.write(`data: ${JSON.stringify(event)}\n\n`)) await once(response, 'drain', { signal })
}
