import { assert, jsonValue, property } from 'fast-check'
import { expect, test } from 'vitest'
import { duplicateFields } from './duplicate-fields.ts'

function inJson(text: string): string[] {
  return duplicateFields(Buffer.from(text), 'application/json')
}

test.each([
  ['{"a": 1, "a" :2}', ['duplicate field "a"']],
  ['{"a":1,"a":2,"a":3}', ['duplicate field "a"']],
  ['{"a":{"b":1,"c":{"b":1},"b":2},"b":1}', ['duplicate field "a.b"']],
  ['{"l":[{"x":1},{"x":1,"y":["x","x"],"x":2}]}', ['duplicate field "l[1].x"']],
  [String.raw`{"a\"b":1,"a":"{\"a\":1}","a\u0022b":2}`, [String.raw`duplicate field "a"b"`]],
  [String.raw`{"a":"\\","b":{"a":","}}`, []],
  ['[{"op":"add","value":1,"value":2}]', ['duplicate field "[0].value"']],
])('a key that an object has twice is named: %s', (text, found) => {
  expect(inJson(text)).toEqual(found)
})

test('no text that JSON.stringify writes has a key twice', () => {
  assert(
    property(jsonValue(), (value) => {
      expect(inJson(JSON.stringify(value, null, 1))).toEqual([])
    }),
  )
})

test('in YAML the line is named', () => {
  const text = 'metadata: {name: a}\nspec:\n  replicas: 1\n  replicas: 2\n  list:\n  - name: a\n    name: b\n'
  expect(duplicateFields(Buffer.from(text), 'application/yaml')).toEqual([
    'line 4: key "replicas" already set in map',
    'line 7: key "name" already set in map',
  ])
})
