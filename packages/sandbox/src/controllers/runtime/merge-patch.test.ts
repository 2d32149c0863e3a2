import { array, assert, boolean, constantFrom, dictionary, integer, letrec, oneof, property, string } from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson, hasEverything, isJsonObject, isSameJson, mergePatchBetween } from './merge-patch.ts'

const json = letrec((tie) => ({
  value: oneof({ maxDepth: 3 }, tie('leaf'), tie('list'), tie('object')),
  leaf: oneof(string(), integer(), boolean()),
  list: array(tie('value'), { maxLength: 3 }),
  object: dictionary(constantFrom('a', 'b', 'c', 'd'), tie('value')),
}))

/** RFC 7396, section 2. */
function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch
  const result = { ...(isJsonObject(target) ? target : {}) }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = applyMergePatch(result[key], value)
  }
  return result
}

test('the patch between two objects turns the first into the second', () => {
  assert(
    property(json.object, json.object, (before, after) => {
      const patch = mergePatchBetween(before, after)
      if (patch === undefined) expect(isSameJson(before, after)).toBe(true)
      else expect(isSameJson(applyMergePatch(before, patch), after)).toBe(true)
    }),
  )
})

test('an object has everything of itself, and no less after a server added fields', () => {
  assert(property(json.object, (object) => hasEverything({ ...object, added: { by: 'server' } }, object)))
})

test('a missing field, a changed one and a longer list are noticed', () => {
  expect(hasEverything({ a: 1 }, { a: 1, b: 2 })).toBe(false)
  expect(hasEverything({ a: { b: 1, c: 2 } }, { a: { b: 2 } })).toBe(false)
  expect(hasEverything({ a: [1, 2] }, { a: [1] })).toBe(false)
})

test('empty and absent are the same, zero and absent are not', () => {
  expect(isSameJson({ a: {}, b: [], c: null }, {})).toBe(true)
  expect(isSameJson({ a: 0 }, {})).toBe(false)
  expect(isSameJson({ a: '' }, {})).toBe(false)
})

test('canonical text does not depend on the order of keys', () => {
  expect(canonicalJson({ b: 1, a: { d: [1], c: 2 } })).toBe('{"a":{"c":2,"d":[1]},"b":1}')
})
