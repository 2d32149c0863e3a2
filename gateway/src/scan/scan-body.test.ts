import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { GatewayError } from '../errors.ts'
import { MAX_DEPTH } from './json.ts'
import { scanBody } from './scan-body.ts'

const scan = (text: string): ReturnType<typeof scanBody> => scanBody(Buffer.from(text))

function problemOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof GatewayError) return error.code
    throw error
  }
  return 'accepted'
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** A top-level object in a client's own spelling: odd spacing, escaped keys, any JSON beside the two fields. */
const bodies = fc
  .record({
    model: fc.string({ unit: 'binary', minLength: 1 }),
    stream: fc.option(fc.boolean(), { nil: undefined }),
    before: fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.json({ maxDepth: 5 })), { maxLength: 4 }),
    after: fc.array(fc.tuple(fc.string(), fc.json({ maxDepth: 5 })), { maxLength: 4 }),
    space: fc.stringMatching(/^[ \t\r\n]{0,3}$/),
    key: fc.constantFrom('"model"', String.raw`"m\u006fdel"`, String.raw`"\u006D\u006f\u0064\u0065\u006c"`),
  })
  .map(({ model, stream, before, after, space, key }) => {
    const other = ([name]: [string, string]): boolean => name !== 'model' && name !== 'stream'
    const member = ([name, value]: [string, string]): string => `${JSON.stringify(name)}${space}:${space}${value}`
    const members = [
      ...before.filter(other).map(member),
      `${key}:${space}${JSON.stringify(model)}`,
      ...(stream === undefined ? [] : [`"stream"${space}:${stream}`]),
      ...after.filter(other).map(member),
    ]
    return { text: `${space}{${space}${members.join(`${space},`)}${space}}${space}`, model, stream: stream ?? false }
  })

test('finds model and stream wherever JSON.parse finds them', () => {
  fc.assert(
    fc.property(bodies, ({ text, model, stream }) => {
      const parsed: unknown = JSON.parse(text)
      expect(scan(text)).toMatchObject({ model: { value: model }, stream })
      expect(parsed).toHaveProperty('model', model)
    }),
  )
})

test('accepts a damaged body only if JSON.parse does', () => {
  const damage = fc.record({
    at: fc.nat(),
    remove: fc.nat({ max: 2 }),
    insert: fc.constantFrom('', '"', '\\', '{', ']', ',', ':', '0', '-', '.', 'e', 't', '\n', '\u0001'),
  })
  fc.assert(
    fc.property(bodies, damage, ({ text }, { at, remove, insert }) => {
      const cut = at % (text.length + 1)
      const damaged = (text.slice(0, cut) + insert + text.slice(cut + remove)).toWellFormed()
      if (problemOf(() => scan(damaged)) === 'accepted') expect(parses(damaged), damaged).toBe(true)
    }),
    { numRuns: 2000 },
  )
})

test('agrees with JSON.parse about which values are well-formed', () => {
  const pieces = fc.array(
    fc.constantFrom(
      '"a"',
      '1',
      '-',
      '0',
      '.5',
      'e+3',
      'E',
      'true',
      'nul',
      'null',
      '[',
      ']',
      '{',
      '}',
      ':',
      ',',
      ' ',
      '"\\u12',
      '"',
    ),
    { maxLength: 6 },
  )
  fc.assert(
    fc.property(pieces, (parts) => {
      const text = `{"model":"m","x":${parts.join('')}}`
      expect(problemOf(() => scan(text)) === 'accepted', text).toBe(parses(text))
    }),
    { numRuns: 5000 },
  )
})

test('agrees with JSON.parse about every escape', () => {
  const escapes = fc.tuple(
    fc.constantFrom('u', 'U', 'n', '/', 'x', '"', "'"),
    fc.string({ unit: fc.constantFrom(...Array.from('09afAFgG@`:/ "')), maxLength: 5 }),
  )
  fc.assert(
    fc.property(escapes, ([kind, rest]) => {
      const text = `{"model":"m","x":"\\${kind}${rest}"}`
      expect(problemOf(() => scan(text)) === 'accepted', text).toBe(parses(text))
    }),
    { numRuns: 3000 },
  )
})

test.each([
  ['an empty body', '', 'invalid_json'],
  ['an array', '["model"]', 'invalid_json'],
  ['text after the object', '{"model":"m"} x', 'invalid_json'],
  ['a byte order mark', '\uFEFF{"model":"m"}', 'invalid_json'],
  ['a trailing comma', '{"model":"m",}', 'invalid_json'],
  ['no model', '{"messages":[{"model":"inner"}]}', 'invalid_model'],
  ['an empty model', '{"model":""}', 'invalid_model'],
  ['a model that is no string', '{"model":["m"]}', 'invalid_model'],
  ['two models', '{"model":"allowed","model":"forbidden"}', 'invalid_json'],
  [
    'two models, one of them spelled with an escape',
    String.raw`{"model":"allowed","mod\u0065l":"forbidden"}`,
    'invalid_json',
  ],
  ['two streams', '{"model":"m","stream":true,"stream":false}', 'invalid_json'],
  ['two bounds of the same name', '{"model":"m","max_tokens":1,"max_tokens":2}', 'invalid_json'],
  ['two stream_options', '{"model":"m","stream_options":null,"stream_options":{}}', 'invalid_json'],
  ['two include_usage', '{"model":"m","stream_options":{"include_usage":true,"include_usage":false}}', 'invalid_json'],
])('refuses %s', (_name, text, code) => {
  expect(problemOf(() => scan(text))).toBe(code)
})

test('refuses bytes that are not UTF-8', () => {
  const bytes = Buffer.concat([Buffer.from('{"model":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')])
  expect(problemOf(() => scanBody(bytes))).toBe('invalid_json')
})

test('reads a model only at the top level', () => {
  expect(scan('{"x":{"model":"inner","stream":true},"model":"outer"}')).toMatchObject({
    model: { value: 'outer' },
    stream: false,
  })
})

test(`lets ${MAX_DEPTH} levels through and no more`, () => {
  const nested = (levels: number): string => `{"model":"m","x":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
  expect(problemOf(() => scan(nested(MAX_DEPTH)))).toBe('accepted')
  expect(problemOf(() => scan(nested(MAX_DEPTH + 1)))).toBe('invalid_json')
})

test.each([
  ['{"model":"m"}', undefined],
  ['{"model":"m","max_tokens":7}', 7],
  ['{"model":"m","max_completion_tokens": 1e2}', 100],
  ['{"model":"m","max_output_tokens":9}', 9],
  ['{"model":"m","max_tokens":5,"max_completion_tokens":8}', 8],
  ['{"model":"m","max_tokens":null}', undefined],
  ['{"model":"m","max_tokens":"7"}', undefined],
  ['{"model":"m","max_tokens":-7}', undefined],
  ['{"model":"m","max_tokens":0.5}', undefined],
  ['{"model":"m","max_tokens":1e999}', undefined],
  ['{"model":"m","x":{"max_tokens":7}}', undefined],
])('reads how long an answer may get: %s', (text, maxTokens) => {
  expect(scan(text).maxTokens).toBe(maxTokens)
})

test('judges long strings like JSON.parse, wherever they lie and whatever stands in them', () => {
  const long = fc.array(
    fc.oneof(
      fc.nat({ max: 90 }).map((length) => 'x'.repeat(length)),
      fc.constantFrom('é', '👋', '\\n', '\\u00e9', '\\\\', '\\"', '\\', '"', '\n', '\u001f', ' ', '!', '#', '['),
    ),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(fc.nat({ max: 3 }), long, (offset, parts) => {
      const text = `${' '.repeat(offset)}{"x":"${parts.join('')}","model":"m"}`
      // A view that does not start where its memory does.
      const bytes = Buffer.from(`!${text}`).subarray(1)
      expect(problemOf(() => scanBody(bytes)) === 'accepted', text).toBe(parses(text))
    }),
    { numRuns: 3000 },
  )
})
