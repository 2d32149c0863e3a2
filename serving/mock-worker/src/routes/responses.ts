import { answerTo } from '../answer.ts'
import type { Answer } from '../answer.ts'
import type { Faults } from '../faults/faults.ts'
import type { Fields } from '../fields.ts'
import { readFlag, readModel } from '../fields.ts'
import type { Frame, Reply } from '../reply.ts'
import { outputItem, responseOf, responsePrompt } from './response-object.ts'
import type { ResponseObject } from './response-object.ts'

/** `POST /v1/responses`: one message or one call, plain or streamed as named events with sequence numbers. */
export function replyToResponse(fields: Fields, faults: Faults): Reply {
  const model = readModel(fields)
  const answer = answerTo(responsePrompt(fields), faults)
  const response = responseOf(model, answer, !faults.has('no-usage'))
  return {
    promptTokens: answer.promptTokens,
    tokens: answer.tokens.length,
    content: readFlag(fields['stream'], 'stream')
      ? { kind: 'stream', frames: numbered(frames(response, answer)), done: undefined }
      : { kind: 'json', body: response },
  }
}

/** An event before it has its number. */
interface Event {
  readonly type: string
  readonly part: Frame['part']
  readonly fields: object
}

function* numbered(events: Iterable<Event>): Generator<Frame> {
  let number = 0
  for (const { type, part, fields } of events) {
    yield { name: type, part, data: { type, ...fields, sequence_number: number++ } }
  }
}

function* frames(response: ResponseObject, answer: Answer): Generator<Event> {
  const begun = { ...response, status: 'in_progress', output: [], usage: null, incomplete_details: null }
  yield { type: 'response.created', part: 'opening', fields: { response: begun } }
  yield { type: 'response.in_progress', part: 'opening', fields: { response: begun } }
  const item = outputItem(answer, 'in_progress')
  yield { type: 'response.output_item.added', part: 'opening', fields: { output_index: 0, item } }
  if (answer.calls === undefined) yield* textEvents(answer, item.id)
  else yield* callEvents(answer, item.id, answer.calls)
  const done = { output_index: 0, item: response.output[0] }
  yield { type: 'response.output_item.done', part: 'closing', fields: done }
  yield { type: `response.${response.status}`, part: 'closing', fields: { response } }
}

function* textEvents({ tokens }: Answer, itemId: string): Generator<Event> {
  const at = { item_id: itemId, output_index: 0, content_index: 0 }
  const part = (text: string): object => ({ type: 'output_text', text, annotations: [], logprobs: [] })
  const added = { ...at, part: part('') }
  yield { type: 'response.content_part.added', part: 'opening', fields: added }
  for (const delta of tokens) {
    yield { type: 'response.output_text.delta', part: 'token', fields: { ...at, delta, logprobs: [] } }
  }
  const text = tokens.join('')
  yield { type: 'response.output_text.done', part: 'closing', fields: { ...at, text, logprobs: [] } }
  yield { type: 'response.content_part.done', part: 'closing', fields: { ...at, part: part(text) } }
}

function* callEvents({ tokens }: Answer, itemId: string, name: string): Generator<Event> {
  const at = { item_id: itemId, output_index: 0 }
  const type = 'response.function_call_arguments'
  for (const delta of tokens) yield { type: `${type}.delta`, part: 'token', fields: { ...at, delta } }
  yield { type: `${type}.done`, part: 'closing', fields: { ...at, name, arguments: tokens.join('') } }
}
