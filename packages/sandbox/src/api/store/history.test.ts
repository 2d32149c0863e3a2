import { expect, test } from 'vitest'
import { History } from './history.ts'
import type { Change } from './history.ts'

function change(version: number): Change {
  return { type: 'MODIFIED', version, object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one' } } }
}

test('what came after a version is replayed, and nothing before the beginning', () => {
  const history = new History(10)
  for (const version of [11, 14, 15]) history.add(change(version), 100)
  expect(history.since(11)?.map(({ version }) => version)).toEqual([14, 15])
  expect(history.since(15)).toEqual([])
  expect(history.since(9)).toBeUndefined()
})

test.each([
  ['many small changes', 10_000, 100],
  ['few large changes', 100, 3_000_000],
])('of %s only the last are remembered, without a gap', (_, count, characters) => {
  const history = new History(0)
  for (let version = 1; version <= count; version++) history.add(change(version), characters)
  const kept = history.since(history.floor)?.map(({ version }) => version) ?? []
  expect(history.since(0)).toBeUndefined()
  expect(kept[0]).toBe(history.floor + 1)
  expect(kept.at(-1)).toBe(count)
  expect(kept).toHaveLength(count - history.floor)
  expect(kept.length).toBeLessThan(4_000)
  expect(kept.length * characters).toBeLessThanOrEqual(32 * 1024 * 1024)
})
