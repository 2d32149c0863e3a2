import { expect, test } from 'vitest'
import { renderDuration } from './rate-headers.ts'

test.each([
  [0, '0ms'],
  [0.2, '1ms'],
  [12, '12ms'],
  [999.5, '1s'],
  [1_000, '1s'],
  [1_001, '2s'],
  [59_001, '1m0s'],
  [61_000, '1m1s'],
  [360_000, '6m0s'],
  [3_600_000, '1h0m0s'],
  [86_400_000, '24h0m0s'],
])('%d ms are written as %s', (ms, text) => {
  expect(renderDuration(ms)).toBe(text)
})
