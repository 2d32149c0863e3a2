import { APIError } from 'openai'
import type OpenAI from 'openai'
import type { Target } from './target.ts'

/** Something an application does with the official client. */
export interface Flow {
  readonly name: string
  /** Does it and says how it went, without what differs from call to call. */
  readonly run: (target: Target) => Promise<unknown>
  /** How it goes, direct and through the gateway. */
  readonly verdict: unknown
  /** The worker fails: the flow has a gateway of its own, so that what this one learns of the worker ends with it. */
  readonly fails?: true
}

export const user = { role: 'user' as const, content: 'hello there' }

/** What the worker answers to {@link user}. */
export const ANSWER = 'mock response: hello there'

/** A schema, and what the worker makes of it. */
export const weather = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 3 } },
  required: ['city', 'days'],
  additionalProperties: false,
}
export const WEATHER = { city: 'mock', days: 3 }

/** The class of an error of the client and, where there was an answer, what it says. */
export async function refusalOf(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(error instanceof APIError)) return error === undefined ? 'no error' : 'another error'
  const status: unknown = error.status
  const { code, param } = error
  return { class: error.constructor.name, ...(status !== undefined && { status, code, param }) }
}

/** Everything an iterable yields. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** The text of the chunks of a chat. */
export function textOf(chunks: readonly OpenAI.ChatCompletionChunk[]): string {
  return chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')
}
