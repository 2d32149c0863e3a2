import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { renderBody } from './render-body.ts'
import { scanBody } from './scan-body.ts'

function render(text: string, model: string, injectUsage: boolean): string {
  const bytes = Buffer.from(text)
  return Buffer.concat(renderBody(bytes, scanBody(bytes), { model, injectUsage })).toString()
}

const space = fc.stringMatching(/^[ \t\r\n]{0,2}$/)
const OWN = new Set(['model', 'stream', 'stream_options', 'max_tokens', 'max_completion_tokens', 'max_output_tokens'])

/** What a client may write as `stream_options`, and what is sent where usage is injected. */
const streamOptions = fc.constantFrom<[string | undefined, unknown]>(
  [undefined, { include_usage: true }],
  ['null', { include_usage: true }],
  ['{}', { include_usage: true }],
  ['{ }', { include_usage: true }],
  ['{"include_usage":true}', { include_usage: true }],
  ['{"include_usage" : false}', { include_usage: true }],
  ['{"include_usage":null}', { include_usage: true }],
  [String.raw`{"includ\u0065_usage":false}`, { include_usage: true }],
  ['{"include_usage":1}', { include_usage: 1 }],
  [
    '{"x":{"include_usage":true},"include_obfuscation":false}',
    { x: { include_usage: true }, include_obfuscation: false, include_usage: true },
  ],
  ['{"continuous_usage_stats":true}', { continuous_usage_stats: true }],
  ['{"include_usage":false,"continuous_usage_stats":true}', { include_usage: false, continuous_usage_stats: true }],
  ['{"continuous_usage_stats":true,"include_usage":false}', { include_usage: false, continuous_usage_stats: true }],
  ['{"continuous_usage_stats":false}', { continuous_usage_stats: false, include_usage: true }],
  ['"all"', 'all'],
)

const requests = fc
  .record({
    model: fc.string({ unit: 'binary', minLength: 1 }),
    stream: fc.constantFrom('true', 'false', undefined),
    streamOptions,
    others: fc.uniqueArray(fc.tuple(fc.string({ unit: 'binary' }), fc.json({ maxDepth: 4 })), {
      maxLength: 4,
      selector: ([name]) => name,
    }),
    order: fc.array(fc.nat(), { minLength: 7, maxLength: 7 }),
    space,
  })
  .map(({ model, stream, streamOptions: [options, sent], others, order, space: gap }) => {
    const members = others
      .filter(([name]) => !OWN.has(name) && name !== '__proto__')
      .map(([name, value]) => [JSON.stringify(name), value])
    members.push(['"model"', JSON.stringify(model)])
    if (stream !== undefined) members.push(['"stream"', stream])
    if (options !== undefined) members.push(['"stream_options"', options])
    const shuffled = members
      .map((member, index) => ({ member, key: order[index] ?? 0 }))
      .toSorted((a, b) => a.key - b.key)
    const text = shuffled.map(({ member: [name, value] }) => `${name}${gap}:${gap}${value}`).join(`${gap},${gap}`)
    return { text: `${gap}{${gap}${text}${gap}}${gap}`, model, isStream: stream === 'true', sent }
  })

test('sends what the client wrote, but for the model and the wish for usage', () => {
  fc.assert(
    fc.property(
      requests,
      fc.string({ unit: 'binary' }),
      fc.boolean(),
      ({ text, isStream, sent }, name, injectUsage) => {
        const rendered: unknown = JSON.parse(render(text, name, injectUsage))
        const before: unknown = JSON.parse(text)
        const usage = isStream && injectUsage ? { stream_options: sent } : {}
        expect(rendered).toEqual({ ...Object(before), model: name, ...usage })
      },
    ),
    { numRuns: 1000 },
  )
})

test('sends the very bytes of the client when nothing is to be changed', () => {
  fc.assert(
    fc.property(requests, ({ text, model }) => {
      expect(render(text, model, false)).toBe(text)
    }),
  )
})

test('changes nothing but the literal of the model when it is named otherwise', () => {
  fc.assert(
    fc.property(requests, ({ text }) => {
      const bytes = Buffer.from(text)
      const { model } = scanBody(bytes)
      const literal = bytes.subarray(model.start, model.end)
      expect(JSON.parse(literal.toString())).toBe(model.value)
      const [before, , after] = renderBody(bytes, scanBody(bytes), { model: `${model.value}!`, injectUsage: false })
      expect([before, after]).toEqual([bytes.subarray(0, model.start), bytes.subarray(model.end)])
    }),
  )
})

test('says whether the client asked for usage itself', () => {
  const scan = (options: string) => scanBody(Buffer.from(`{"model":"m","stream":true,"stream_options":${options}}`))
  expect(scan('{"include_usage":true}')).toMatchObject({ includeUsage: true, usageSplice: undefined })
  expect(scan('{"include_usage":false}')).toMatchObject({ includeUsage: false })
  expect(scan('{"x":{"include_usage":true}}')).toMatchObject({ includeUsage: false })
})

test('keeps the order of the two changes apart from the order of the fields', () => {
  const splicedFirst =
    '{"stream":true,"stream_options":{"include_usage":false},"model":"a","seed":12345678901234567890}'
  expect(render(splicedFirst, 'b', true)).toBe(
    '{"stream":true,"stream_options":{"include_usage":true},"model":"b","seed":12345678901234567890}',
  )
  expect(render('{"model":"a","stream":true,"stream_options":{}}', 'b', true)).toBe(
    '{"model":"b","stream":true,"stream_options":{"include_usage":true}}',
  )
})

test('does not copy a long prompt', () => {
  const bytes = Buffer.from(`{"x":"${'y'.repeat(1_000_000)}","model":"a","stream":true}`)
  const pieces = renderBody(bytes, scanBody(bytes), { model: 'b', injectUsage: true })
  expect(pieces.filter(({ buffer }) => buffer !== bytes.buffer).reduce((sum, { length }) => sum + length, 0)).toBe(
    Buffer.byteLength('"b""stream_options":{"include_usage":true},'),
  )
})
