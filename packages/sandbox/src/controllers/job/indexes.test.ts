import { expect, test } from 'vitest'
import { formatIndexes, parseIndexes } from './indexes.ts'

test.each([
  ['', []],
  ['0', [0]],
  ['0,1', [0, 1]],
  ['0-2,4,5', [0, 1, 2, 4, 5]],
])('the indexes "%s" are %j', (text, indexes) => {
  expect([...parseIndexes(text)]).toEqual(indexes)
  expect(formatIndexes(new Set(indexes))).toBe(text)
})
