import { answerTo, usageOf } from '../answer.ts'
import type { Answer } from '../answer.ts'
import type { Faults } from '../faults/faults.ts'
import type { Fields } from '../fields.ts'
import { invalid, readLimit, readModel, readStreaming } from '../fields.ts'
import { identity } from '../identity.ts'
import { textsOf } from '../inputs.ts'
import type { Frame, Reply } from '../reply.ts'

/** `POST /v1/completions`: one choice a prompt, plain or streamed one after the other. */
export function replyToCompletion(fields: Fields, faults: Faults): Reply {
  const model = readModel(fields)
  const { stream, includeUsage } = readStreaming(fields)
  const maxTokens = readLimit(fields, 'max_tokens')
  if (fields['prompt'] === undefined) throw invalid('prompt', 'is missing')
  const answers = textsOf(fields['prompt'], 'prompt').map((text) =>
    answerTo({ texts: [text], lastUserText: text, maxTokens, tool: undefined, format: undefined }, faults),
  )
  const usage = faults.has('no-usage') ? undefined : totalUsage(answers)
  const base = identity('text_completion', model)
  const whole = { ...base, choices: answers.map(choiceOf), ...(usage && { usage }) }
  return {
    promptTokens: sum(answers.map(({ promptTokens }) => promptTokens)),
    tokens: sum(answers.map(({ tokens }) => tokens.length)),
    content: stream
      ? { kind: 'stream', frames: frames(base, answers, includeUsage ? usage : undefined), done: '[DONE]' }
      : { kind: 'json', body: whole },
  }
}

function* frames(base: object, answers: readonly Answer[], usage: object | undefined): Generator<Frame> {
  const chunk = (index: number, text: string, finishReason: string | null): object => ({
    ...base,
    choices: [{ index, text, logprobs: null, finish_reason: finishReason }],
    ...(usage && { usage: null }),
  })
  for (const [index, { tokens, finishReason }] of answers.entries()) {
    for (const token of tokens) yield { part: 'token', data: chunk(index, token, null) }
    yield { part: 'closing', data: chunk(index, '', finishReason) }
  }
  if (usage !== undefined) yield { part: 'closing', data: { ...base, choices: [], usage } }
}

function choiceOf({ tokens, finishReason }: Answer, index: number): object {
  return { index, text: tokens.join(''), logprobs: null, finish_reason: finishReason }
}

function totalUsage(answers: readonly Answer[]): object {
  const promptTokens = sum(answers.map((answer) => answer.promptTokens))
  return usageOf({ promptTokens }, sum(answers.map(({ tokens }) => tokens.length)))
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}
