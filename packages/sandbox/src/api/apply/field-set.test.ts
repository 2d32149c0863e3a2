import { assert, property } from 'fast-check'
import { expect, test } from 'vitest'
import { difference, hasElement, intersection, isEmpty, pathsOf, sortSet, union, without } from './field-set.ts'
import { parseManagers, renderManagers } from './manager.ts'
import { sets } from './testing/fields.ts'

test('an object that holds nothing is the empty set, and a node without children is in the set', () => {
  expect(isEmpty({})).toBe(true)
  expect(hasElement({ 'f:a': {} }, 'f:a')).toBe(true)
  expect(hasElement({ 'f:a': { 'f:b': {} } }, 'f:a')).toBe(false)
  expect(hasElement({ 'f:a': { '.': {}, 'f:b': {} } }, 'f:a')).toBe(true)
})

test('a difference takes fields, not what is below them; `without` takes both', () => {
  const set = { 'f:a': { '.': {}, 'f:b': {} } }
  expect(difference(set, { 'f:a': {} })).toEqual({ 'f:a': { 'f:b': {} } })
  expect(without(set, { 'f:a': {} })).toEqual({})
})

test('paths come in the order of the API server: the field before what is in it, fields before keys', () => {
  expect(pathsOf({ 'k:{"name":"b"}': {}, 'f:a': { '.': {}, 'f:c': {}, 'f:b': {} } })).toEqual([
    ['f:a'],
    ['f:a', 'f:b'],
    ['f:a', 'f:c'],
    ['k:{"name":"b"}'],
  ])
})

test('union, difference and intersection are those of the sets of paths', () => {
  const asSet = (set: Parameters<typeof pathsOf>[0]): Set<string> => new Set(pathsOf(set).map((path) => path.join('/')))
  assert(
    property(sets, sets, (one, other) => {
      const [left, right] = [asSet(one), asSet(other)]
      expect(asSet(union(one, other))).toEqual(left.union(right))
      expect(asSet(difference(one, other))).toEqual(left.difference(right))
      expect(asSet(intersection(one, other))).toEqual(left.intersection(right))
    }),
  )
})

test('a set is read as it was written', () => {
  assert(
    property(sets, (set) => {
      const manager = { manager: 'm', operation: 'Update' as const, apiVersion: 'v1', subresource: '', time: undefined }
      const written: unknown = JSON.parse(JSON.stringify(renderManagers([{ ...manager, fields: set }]) ?? []))
      const read = parseManagers(Array.isArray(written) ? written : undefined)
      expect(read).toEqual(isEmpty(set) ? [] : [{ ...manager, fields: set }])
      expect(JSON.stringify(sortSet(set))).toBe(JSON.stringify(sortSet(union(set, set))))
    }),
  )
})

test.each([
  { what: 'no object', entry: 'x' },
  { what: 'an unknown operation', entry: { manager: 'm', operation: 'Bad', fieldsV1: {} } },
  { what: 'no fields', entry: { manager: 'm', operation: 'Apply' } },
  { what: 'an unknown element', entry: { manager: 'm', operation: 'Apply', fieldsV1: { 'x:a': {} } } },
  { what: 'a key that is not JSON', entry: { manager: 'm', operation: 'Apply', fieldsV1: { 'k:{': {} } } },
  { what: 'a node that is no object', entry: { manager: 'm', operation: 'Apply', fieldsV1: { 'f:a': 1 } } },
])('managers with $what are not read', ({ entry }) => {
  expect(parseManagers([entry])).toBeUndefined()
})
