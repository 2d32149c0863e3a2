import { expect, test } from 'vitest'
import { nearest } from './nearest.ts'

const models = ['llama-3.1-8b-instruct', 'llama-3.1-70b-instruct', 'gemma-2b', 'qwen3-32b', 'qwen3-32b-dgx-spark']

test.each([
  { wanted: 'lama-3.1-8b', found: ['llama-3.1-8b-instruct'] },
  { wanted: 'qwen3', found: ['qwen3-32b', 'qwen3-32b-dgx-spark'] },
  { wanted: 'GEMMA-2B', found: ['gemma-2b'] },
  { wanted: 'zzzzzzzz', found: [] },
])('the nearest of $wanted are $found', ({ wanted, found }) => {
  expect(nearest(wanted, models)).toEqual(found)
})

test('at most three are named unless more are asked for', () => {
  const many = Array.from({ length: 9 }, (_, index) => `model-${index}`)
  expect(nearest('model', many)).toHaveLength(3)
  expect(nearest('model', many, 5)).toHaveLength(5)
})
