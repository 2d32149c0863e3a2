import type { ChatRequest } from './chat-request.ts'

/** Token counts as OpenAI reports them. A token here is a run of characters without whitespace. */
export interface Usage {
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly total_tokens: number
}

/** The whole answer before any of it is sent. Joined, the tokens are the content. */
export interface Answer {
  readonly tokens: readonly string[]
  readonly finishReason: 'stop' | 'length'
  readonly promptTokens: number
}

/** What the worker says: `mock response: <the last user text>`, cut at the request's token limit. */
export function answerTo(request: ChatRequest): Answer {
  const all = tokensOf(`mock response: ${request.lastUserText}`)
  const tokens = all.slice(0, request.maxTokens)
  return {
    tokens,
    finishReason: tokens.length < all.length ? 'length' : 'stop',
    promptTokens: request.texts.reduce((sum, text) => sum + countTokens(text), 0),
  }
}

/** The usage after `completionTokens` tokens of an answer. */
export function usageOf({ promptTokens }: Answer, completionTokens: number): Usage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  }
}

/** As many as `tokensOf` finds. It would try every position of a text that is nothing but whitespace, from each of them. */
function countTokens(text: string): number {
  return text.match(/\S+/g)?.length ?? 0
}

/** Splits a text into words that keep the whitespace before them; whitespace at the end belongs to the last word. */
export function tokensOf(text: string): string[] {
  return text.match(/\s*\S+(?:\s+$)?/g) ?? []
}
