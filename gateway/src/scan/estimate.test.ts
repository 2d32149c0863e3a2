import { expect, test } from 'vitest'
import { estimatePromptTokens, estimateTokens } from './estimate.ts'
import { scanBody } from './scan-body.ts'

test('estimates a quarter of the bytes for the prompt, and what the client allows for the answer', () => {
  const bounded = Buffer.from('{"model":"m","max_tokens":10}')
  expect(estimatePromptTokens(bounded)).toBe(8)
  expect(estimateTokens(scanBody(bounded), bounded)).toBe(18)
  const unbounded = Buffer.from('{"model":"m"}')
  expect(estimateTokens(scanBody(unbounded), unbounded)).toBe(4 + 256)
})
