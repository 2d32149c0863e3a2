import { expect, test } from 'vitest'
import { answerTo, tokensOf, usageOf } from './answer.ts'
import { NO_FAULTS } from './faults/faults.ts'

const request = {
  texts: ['be kind', 'hello  world'],
  lastUserText: 'hello  world',
  maxTokens: undefined,
  tool: undefined,
  format: undefined,
}

test('the tokens of an answer join to the mock response, and usage counts words', () => {
  const answer = answerTo(request, NO_FAULTS)
  expect(answer.tokens.join('')).toBe('mock response: hello  world')
  expect(answer.finishReason).toBe('stop')
  expect(usageOf(answer, answer.tokens.length)).toEqual({ prompt_tokens: 4, completion_tokens: 4, total_tokens: 8 })
})

test.each([
  { maxTokens: 3, content: 'mock response: hello', finishReason: 'length' },
  { maxTokens: 4, content: 'mock response: hello  world', finishReason: 'stop' },
])('a limit of $maxTokens ends with "$finishReason"', ({ maxTokens, content, finishReason }) => {
  const answer = answerTo({ ...request, maxTokens }, NO_FAULTS)
  expect(answer.tokens.join('')).toBe(content)
  expect(answer.finishReason).toBe(finishReason)
})

test.each(['', 'one', ' two words ', 'tab\tand\nline\n\n', '안녕 세상'])('splitting %j loses nothing', (text) => {
  expect(tokensOf(text).join('')).toBe(text)
})

test('a prompt of whitespace alone has no tokens, however long it is', () => {
  expect(answerTo({ ...request, texts: [' '.repeat(1_000_000), '\n'] }, NO_FAULTS).promptTokens).toBe(0)
})
