import { expect, test } from 'vitest'
import { countCrash, isRestarted, restartDelayMs } from './restart.ts'

test.each([
  [1, 0],
  [2, 10_000],
  [3, 20_000],
  [6, 160_000],
  [7, 300_000],
  [60, 300_000],
])('after crash %i in a row the restart waits %i ms', (crashes, delayMs) => {
  expect(restartDelayMs(crashes)).toBe(delayMs)
})

test.each([
  ['Always', 0, true],
  ['Always', 1, true],
  ['OnFailure', 0, false],
  ['OnFailure', 137, true],
  ['Never', 1, false],
] as const)('restart policy %s after exit code %i: %s', (policy, exitCode, expected) => {
  expect(isRestarted(policy, exitCode)).toBe(expected)
})

test('a run of ten minutes forgets earlier crashes', () => {
  const exit = { exitCode: 1, reason: 'Error', startedAt: '2026-01-01T00:00:00Z' } as const
  expect(countCrash(4, { ...exit, finishedAt: '2026-01-01T00:00:09Z' })).toBe(5)
  expect(countCrash(4, { ...exit, finishedAt: '2026-01-01T00:10:00Z' })).toBe(1)
})
