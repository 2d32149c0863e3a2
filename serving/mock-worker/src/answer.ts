import { exampleOf } from './example.ts'
import type { Faults } from './faults/faults.ts'
import type { OutputFormat } from './output-format.ts'
import type { FunctionTool } from './tools.ts'

/** Token counts as OpenAI reports them. A token here is a run of characters without whitespace. */
export interface Usage {
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly total_tokens: number
}

/** What an answer is made from, whichever route it came by. */
export interface Prompt {
  /** The text of each message, in order. */
  readonly texts: readonly string[]
  /** The text of the last message whose role is `user`; empty when there is none. */
  readonly lastUserText: string
  /** The most tokens to answer with; undefined: no limit. */
  readonly maxTokens: number | undefined
  /** The function to call instead of saying something. */
  readonly tool: FunctionTool | undefined
  /** What the content must be; undefined: text. */
  readonly format: OutputFormat | undefined
}

/** The whole answer before any of it is sent. Joined, the tokens are the content, or the arguments of the call. */
export interface Answer {
  readonly tokens: readonly string[]
  readonly finishReason: 'stop' | 'length' | 'tool_calls'
  readonly promptTokens: number
  /** The name of the function that is called. */
  readonly calls: string | undefined
}

/** The part of the switches that changes what is said. */
export type AnswerFaults = Pick<Faults, 'has' | 'value'>

/**
 * What the worker says: `mock response: <the last user text>`, a call of the tool, or JSON in the wanted format; cut at
 * the request's token limit.
 */
export function answerTo(prompt: Prompt, faults: AnswerFaults): Answer {
  const all = withFaults(tokensFor(prompt), prompt, faults)
  const tokens = all.slice(0, prompt.maxTokens)
  const whole = prompt.tool === undefined ? 'stop' : 'tool_calls'
  return {
    tokens,
    finishReason: tokens.length < all.length ? 'length' : whole,
    promptTokens: prompt.texts.reduce((sum, text) => sum + countTokens(text), 0),
    calls: prompt.tool?.name,
  }
}

/** The usage after `completionTokens` tokens of an answer. */
export function usageOf({ promptTokens }: Pick<Answer, 'promptTokens'>, completionTokens: number): Usage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  }
}

function tokensFor({ tool, format, lastUserText }: Prompt): string[] {
  if (tool !== undefined) return piecesOf(JSON.stringify(exampleOf(tool.parameters) ?? {}))
  if (format?.kind === 'object') return piecesOf(JSON.stringify({ response: `mock response: ${lastUserText}` }))
  if (format?.kind === 'schema') return piecesOf(JSON.stringify(exampleOf(format.schema)))
  return tokensOf(`mock response: ${lastUserText}`)
}

/** Only text changes: arguments and structured output would no longer be JSON. */
function withFaults(tokens: string[], { tool, format }: Prompt, faults: AnswerFaults): string[] {
  if (tool !== undefined || format !== undefined) return tokens
  const huge = faults.value('huge-event')
  const all = huge === undefined ? tokens : ['x'.repeat(huge), ...tokens]
  if (faults.has('split-utf8')) all.push(' 안녕하세요', ' 🌍', ' é')
  const count = faults.value('tokens')
  return count === undefined ? all : Array.from({ length: count }, (_, index) => all[index] ?? ` word${index}`)
}

/** As many as `tokensOf` finds. It would try every position of a text that is nothing but whitespace, from each of them. */
export function countTokens(text: string): number {
  return text.match(/\S+/g)?.length ?? 0
}

/** Splits a text into words that keep the whitespace before them; whitespace at the end belongs to the last word. */
export function tokensOf(text: string): string[] {
  return text.match(/\s*\S+(?:\s+$)?/g) ?? []
}

/** JSON has few spaces to split at: pieces of eight characters. */
function piecesOf(text: string): string[] {
  return text.match(/[\s\S]{1,8}/gu) ?? []
}
