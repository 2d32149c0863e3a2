import { expect, test } from 'vitest'
import { isBodyTooSlow } from './body-pace.ts'

const HOUR_MS = 3_600_000

test.each([
  ['has just begun', 0, 0, HOUR_MS, false],
  ['has its grace', 1, 19_999, HOUR_MS, false],
  ['drips when its grace is over', 1, 20_000, HOUR_MS, true],
  ['keeps up', 20 * 1024, 20_000, HOUR_MS, false],
  ['falls behind later', 20 * 1024, 20_001, HOUR_MS, true],
  ['keeps up for as long as it may', HOUR_MS * 1024, HOUR_MS - 1, HOUR_MS, false],
  ['keeps up for longer than it may', HOUR_MS * 1024, HOUR_MS, HOUR_MS, true],
  ['has less time than the grace', 1024, 100, 100, true],
])('judges a body that %s', (_name, receivedBytes, elapsedMs, limitMs, isTooSlow) => {
  expect(isBodyTooSlow(receivedBytes, elapsedMs, limitMs)).toBe(isTooSlow)
})
