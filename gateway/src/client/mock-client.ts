import { scanBody } from '../scan/scan-body.ts'
import { IncomingAnswer, type AnswerSource } from './incoming-answer.ts'
import { joinPieces } from './pieces.ts'
import { UpstreamError, type UpstreamClient } from './upstream-client.ts'

const ANSWER = 'mock response'

/** There is no connection to slow down or to close. */
const NO_SOURCE: AnswerSource = { pause: () => undefined, resume: () => undefined, abort: () => undefined }

/**
 * The upstreams that need no server, for trying a gateway out: `mock://local` answers every chat with a fixed text,
 * `mock://fail` never answers.
 *
 * @param now the clock, in milliseconds since 1970
 */
export function createMockClient(url: URL, now: () => number): UpstreamClient {
  return {
    start: ({ body }) => {
      const answer = new IncomingAnswer(NO_SOURCE)
      if (url.host === 'local') feed(answer, joinPieces(body), Math.floor(now() / 1000))
      else answer.fail(new UpstreamError('broken', `${url.href} fails on purpose`))
      return answer
    },
    close: () => Promise.resolve(),
  }
}

function feed(answer: IncomingAnswer, body: Uint8Array, created: number): void {
  const { model, stream } = scanBody(Buffer.from(body))
  const about = { id: `mock-${created}`, created, model: model.value }
  answer.begin({ status: 200, headers: { 'content-type': stream ? 'text/event-stream' : 'application/json' } })
  for (const piece of stream ? renderEvents(about) : [renderWhole(about)]) answer.push(Buffer.from(piece))
  answer.finish()
}

interface About {
  readonly id: string
  readonly created: number
  readonly model: string
}

function renderWhole(about: About): string {
  const message = { role: 'assistant', content: ANSWER }
  const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
  const choices = [{ index: 0, message, finish_reason: 'stop' }]
  return JSON.stringify({ ...about, object: 'chat.completion', choices, usage })
}

function renderEvents(about: About): string[] {
  const deltas = [
    { delta: { role: 'assistant', content: ANSWER }, finish_reason: null },
    { delta: {}, finish_reason: 'stop' },
  ]
  const events = deltas.map((delta) => {
    const event = { ...about, object: 'chat.completion.chunk', choices: [{ index: 0, ...delta }] }
    return `data: ${JSON.stringify(event)}\n\n`
  })
  return [...events, 'data: [DONE]\n\n']
}
