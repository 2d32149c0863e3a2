import { expect, test } from 'vitest'
import { hashOf, toUnit } from './hash.ts'

test('gives every process the same number', () => {
  // Written down: a replica of another version must agree.
  expect(hashOf('caller', hashOf('model'))).toBe(478576161)
  expect(toUnit(hashOf('caller'))).toBeCloseTo(0.58107, 5)
})

test('tells texts apart by where they end', () => {
  expect(hashOf('bc', hashOf('a'))).not.toBe(hashOf('c', hashOf('ab')))
})

test('spreads texts that are nearly alike over the whole interval', () => {
  const bins = Array.from({ length: 64 }, () => 0)
  const count = 64_000
  for (let index = 0; index < count; index++) {
    const bin = Math.floor(toUnit(hashOf(`key-${index}`)) * bins.length)
    bins[bin] = (bins[bin] ?? 0) + 1
  }
  const expected = count / bins.length
  const chiSquare = bins.reduce((sum, seen) => sum + (seen - expected) ** 2 / expected, 0)
  expect(chiSquare).toBeLessThan(103.4) // 63 degrees of freedom, 99.9 %
})
