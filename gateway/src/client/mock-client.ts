import type { UpstreamClient, UpstreamRequest, UpstreamResponse } from './upstream-client.ts'
import { UpstreamError } from './upstream-client.ts'
import { scanBody } from '../scan/scan-body.ts'

const ANSWER = 'mock response'

/**
 * The upstreams that need no server, for trying a gateway out: `mock://local` answers every chat with a fixed text,
 * `mock://fail` never answers.
 *
 * @param now the clock, in milliseconds since 1970
 */
export function createMockClient(now: () => number): UpstreamClient {
  return {
    send: (request) => answer(request, Math.floor(now() / 1000)),
    close: () => Promise.resolve(),
  }
}

async function answer({ url, body }: UpstreamRequest, created: number): Promise<UpstreamResponse> {
  if (!url.startsWith('mock://local')) throw new UpstreamError('broken', 'mock://fail fails on purpose')
  const { model, stream } = scanBody(body)
  const about = { id: `mock-${created}`, created, model: model.value }
  return {
    status: 200,
    headers: { 'content-type': stream ? 'text/event-stream' : 'application/json' },
    body: stream ? renderEvents(about) : renderWhole(about),
  }
}

interface About {
  readonly id: string
  readonly created: number
  readonly model: string
}

async function* renderWhole(about: About): AsyncGenerator<Uint8Array, void> {
  const message = { role: 'assistant', content: ANSWER }
  const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
  const choices = [{ index: 0, message, finish_reason: 'stop' }]
  yield Buffer.from(JSON.stringify({ ...about, object: 'chat.completion', choices, usage }))
}

async function* renderEvents(about: About): AsyncGenerator<Uint8Array, void> {
  const deltas = [
    { delta: { role: 'assistant', content: ANSWER }, finish_reason: null },
    { delta: {}, finish_reason: 'stop' },
  ]
  for (const delta of deltas) {
    const event = { ...about, object: 'chat.completion.chunk', choices: [{ index: 0, ...delta }] }
    yield Buffer.from(`data: ${JSON.stringify(event)}\n\n`)
  }
  yield Buffer.from('data: [DONE]\n\n')
}
