import { assert, property } from 'fast-check'
import { expect, test } from 'vitest'
import { applyConfiguration } from './apply-configuration.ts'
import type { Applied } from './apply-configuration.ts'
import { appliedFields } from './applied-fields.ts'
import { compare } from './compare.ts'
import { ApplyConflict } from './conflict.ts'
import { difference, isEmpty, union } from './field-set.ts'
import type { FieldSet } from './field-set.ts'
import { withNamedFields } from './remove-fields.ts'
import { trackUpdate } from './track-update.ts'
import { shape, values } from './testing/fields.ts'

const NOW = '2026-01-01T00:00:00Z'
const LATER = '2026-01-01T00:00:01Z'
const NOTHING: Applied = { object: {}, managers: [] }

function apply(before: Applied, manager: string, config: unknown, options: { force?: boolean; now?: string } = {}) {
  const self = { manager, operation: 'Apply' as const, apiVersion: 'v1', subresource: '' }
  const { force = false, now = NOW } = options
  return applyConfiguration({
    live: before.object,
    config,
    schema: shape,
    managers: before.managers,
    self,
    force,
    ignored: {},
    now,
  })
}

function update(before: Applied, manager: string, next: unknown, now = NOW): Applied {
  const self = { manager, operation: 'Update' as const, apiVersion: 'v1', subresource: '' }
  return { object: next, managers: trackUpdate(before.managers, self, compare(before.object, next, shape), now) }
}

function fieldsOf({ managers }: Applied, name: string): unknown {
  return managers.find(({ manager }) => manager === name)?.fields
}

test('what is applied is set and owned: leaves, items, and no object on the way', () => {
  const config = { name: 'x', labels: { a: '1' }, whole: { w: '1' }, finalizers: ['f'], ports: [{ port: 80 }] }
  const applied = apply(NOTHING, 'm', config)
  expect(applied.object).toEqual(config)
  expect(fieldsOf(applied, 'm')).toEqual({
    'f:name': {},
    'f:labels': { 'f:a': {} },
    'f:whole': {},
    'f:finalizers': { 'v:"f"': {} },
    'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {} } },
  })
})

test('an update owns what it changed, objects it made among it', () => {
  const before = update(NOTHING, 'one', { labels: { a: '1' } })
  const after = update(before, 'two', { labels: { a: '2', b: '1' } })
  expect(fieldsOf(after, 'one')).toEqual({ 'f:labels': {} })
  expect(fieldsOf(after, 'two')).toEqual({ 'f:labels': { 'f:a': {}, 'f:b': {} } })
})

test('what becomes an object of a scalar, or of an object something else, is a change of both', () => {
  expect(compare({ extra: 'x' }, { extra: { a: { b: '1' } } }, shape)).toEqual({
    added: { 'f:extra': { 'f:a': { '.': {}, 'f:b': {} } } },
    modified: { 'f:extra': {} },
    removed: {},
  })
  expect(compare({ extra: { a: {} } }, { extra: [1] }, shape)).toEqual({
    added: {},
    modified: { 'f:extra': {} },
    removed: { 'f:extra': { 'f:a': {} } },
  })
})

test('a field that goes has no owner left', () => {
  const after = update(update(NOTHING, 'one', { name: 'x', labels: { a: '1' } }), 'two', { name: 'x' })
  expect(fieldsOf(after, 'one')).toEqual({ 'f:name': {} })
  expect(fieldsOf(after, 'two')).toBeUndefined()
})

test('a change of what another owns is a conflict, which force decides', () => {
  const before = update(NOTHING, 'one', { name: 'x', ports: [{ port: 1, name: 'a' }] })
  const config = { name: 'y', ports: [{ port: 1, name: 'b' }] }
  expect(() => apply(before, 'two', config)).toThrow(ApplyConflict)
  expect(() => apply(before, 'two', config)).toThrow(
    'Apply failed with 2 conflicts: conflicts with "one" using v1:\n- .name\n- .ports[port=1,protocol="TCP"].name',
  )
  const forced = apply(before, 'two', config, { force: true })
  expect(forced.object).toEqual({ name: 'y', ports: [{ port: 1, name: 'b' }] })
  expect(fieldsOf(forced, 'one')).toEqual({
    'f:ports': { '.': {}, 'k:{"port":1,"protocol":"TCP"}': { '.': {}, 'f:port': {} } },
  })
})

test('the same value of two managers is no conflict, and stays until both have dropped it', () => {
  const both = apply(apply(NOTHING, 'one', { labels: { a: '1' } }), 'two', { labels: { a: '1' } })
  const left = apply(both, 'one', {})
  expect(left.object).toEqual({ labels: { a: '1' } })
  expect(appliedFields(apply(left, 'two', {}).object, shape)).toEqual({})
})

test('with an item go the fields of it that nobody owns, and none that another owns', () => {
  const applied = apply(NOTHING, 'one', { ports: [{ port: 1 }, { port: 2 }] })
  const named = update(applied, 'two', { ports: [{ port: 1, name: 'a' }, { port: 2 }] })
  expect(apply(named, 'one', { ports: [{ port: 2 }] }).object).toEqual({ ports: [{ port: 2 }] })
  const owner = apply(applied, 'two', { ports: [{ port: 1, name: 'a' }] })
  expect(apply(owner, 'one', { ports: [{ port: 2 }] }).object).toEqual({ ports: [{ port: 1, name: 'a' }, { port: 2 }] })
})

test.each([
  { wanted: ['x', 'b', 'y'], merged: ['a', 'x', 'b', 'c', 'd', 'y'] },
  { wanted: ['d', 'a'], merged: ['b', 'c', 'd', 'a'] },
  { wanted: ['n', 'c', 'a', 'd', 'm'], merged: ['b', 'n', 'c', 'a', 'd', 'm'] },
  { wanted: ['b'], merged: ['a', 'b', 'c', 'd'] },
])('a list takes the order of the configuration $wanted', ({ wanted, merged }) => {
  // As Kubernetes 1.34 merges these lists.
  const before = apply(NOTHING, 'one', { finalizers: ['a', 'b', 'c', 'd'] })
  expect(apply(before, 'two', { finalizers: wanted }).object).toEqual({ finalizers: merged })
})

test('the time is that of the last change, and none for who never changed anything', () => {
  const first = apply(NOTHING, 'one', { name: 'x' })
  const again = apply(first, 'one', { name: 'x' }, { now: LATER })
  expect(again.managers).toEqual(first.managers)
  const shared = apply(first, 'two', { name: 'x' }, { now: LATER })
  expect(shared.managers.map(({ manager, time }) => [manager, time])).toEqual([
    ['one', NOW],
    ['two', undefined],
  ])
})

test('applied twice a configuration changes nothing more', () => {
  assert(
    property(values, values, (first, config) => {
      const once = apply(update(NOTHING, 'one', first), 'two', config, { force: true })
      const twice = apply(once, 'two', config, { now: LATER })
      expect(twice.object).toEqual(once.object)
      expect(twice.managers).toEqual(once.managers)
    }),
  )
})

test('what another manager applied stays, and stays its own', () => {
  assert(
    property(values, values, (first, second) => {
      const before = apply(NOTHING, 'one', first)
      const attempt = (): Applied => apply(before, 'two', second)
      const outcome = outcomeOf(attempt)
      if (!outcome) return
      const owned = appliedFields(first, shape)
      const fieldsIn = (object: unknown): FieldSet => withNamedFields(appliedFields(object, shape), shape)
      expect(difference(owned, fieldsIn(outcome.object))).toEqual({})
      expect(fieldsOf(outcome, 'one')).toEqual(owned)
      // And stays when the second one is applied no more.
      const left = apply(outcome, 'two', {})
      expect(difference(owned, fieldsIn(left.object))).toEqual({})
    }),
  )
})

test('an object is what its appliers want: an empty configuration takes back all of a manager', () => {
  assert(
    property(values, (config) => {
      const gone = apply(apply(NOTHING, 'one', config), 'one', {})
      expect(appliedFields(gone.object, shape)).toEqual({})
      expect(gone.managers.every(({ fields }) => isEmpty(fields))).toBe(true)
    }),
  )
})

test('every field that differs is in one of the three sets, and none that does not', () => {
  assert(
    property(values, values, (one, other) => {
      const { added, modified, removed } = compare(one, other, shape)
      const back = compare(other, one, shape)
      expect(back.added).toEqual(removed)
      expect(back.removed).toEqual(added)
      expect(back.modified).toEqual(modified)
      expect(isEmpty(union(union(added, modified), removed))).toBe(
        JSON.stringify(sorted(one)) === JSON.stringify(sorted(other)),
      )
    }),
  )
})

function outcomeOf(attempt: () => Applied): Applied | undefined {
  try {
    return attempt()
  } catch (error) {
    if (error instanceof ApplyConflict) return undefined
    throw error
  }
}

/** With lists whose order says nothing in one order. */
function sorted(value: Record<string, unknown>): unknown {
  const order = (part: unknown, name: string): unknown =>
    Array.isArray(part) && name !== 'args'
      ? part.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : part
  const keys = Object.keys(value).sort()
  return keys.map((key) => [key, canonical(order(value[key], key))])
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => canonical(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .map(([key, part]): [string, unknown] => [key, canonical(part)])
    .sort(([a], [b]) => (a < b ? -1 : 1))
}
