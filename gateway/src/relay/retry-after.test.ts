import { expect, test } from 'vitest'
import { readRetryAfter } from './retry-after.ts'

const NOW = Date.parse('Sat, 21 Nov 2026 12:00:00 GMT')

test.each([
  [{}, undefined],
  [{ 'retry-after': '7' }, 7_000],
  [{ 'retry-after': ' 0.5 ' }, 500],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after': '7', 'retry-after-ms': '20' }, 20],
  [{ 'retry-after': 'Sat, 21 Nov 2026 12:00:30 GMT' }, 30_000],
  [{ 'retry-after': 'Sat, 21 Nov 2026 11:00:00 GMT' }, 0],
  [{ 'retry-after': 'soon' }, undefined],
  [{ 'retry-after': '' }, undefined],
  [{ 'retry-after-ms': 'soon' }, undefined],
  [{ 'retry-after': '9'.repeat(400) }, undefined],
])('reads how long to wait from %j', (headers, ms) => {
  expect(readRetryAfter(headers, NOW)).toBe(ms)
})
