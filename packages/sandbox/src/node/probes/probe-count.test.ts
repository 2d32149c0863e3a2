import { expect, test } from 'vitest'
import { countResult, noResults, verdictOf } from './probe-count.ts'

function verdictAfter(results: string, probe: object): string | undefined {
  const count = results.split('').reduce((soFar, result) => countResult(soFar, result === '+'), noResults)
  return verdictOf(count, probe)
}

test.each([
  ['', {}, undefined],
  ['+', {}, 'success'],
  ['-', {}, undefined],
  ['---', {}, 'failure'],
  ['--+--', {}, undefined],
  ['-', { failureThreshold: 1 }, 'failure'],
  ['+', { successThreshold: 2 }, undefined],
  ['++', { successThreshold: 2 }, 'success'],
  ['+-+', { successThreshold: 2 }, undefined],
])('results %j with %j give %s', (results, probe, expected) => {
  expect(verdictAfter(results, probe)).toBe(expected)
})
