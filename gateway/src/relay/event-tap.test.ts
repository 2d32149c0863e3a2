import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { EventTap } from './event-tap.ts'

/** What a client gets of a stream that comes in these pieces. */
function relay(pieces: readonly Uint8Array[], strips: boolean): { text: string; tap: EventTap } {
  const tap = new EventTap(strips)
  // Copies, so that nothing that was handed out may change with a later piece.
  const out = pieces.map((piece) => tap.push(Uint8Array.from(piece)))
  out.push(tap.finish())
  return { text: Buffer.concat(out).toString(), tap }
}

function read(text: string): EventTap {
  return relay([Buffer.from(text)], false).tap
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b)
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length))
}

const lineEnd = fc.constantFrom('\n', '\r\n', '\r')
const colon = fc.constantFrom(':', ': ')
const content = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
  fc.constantFrom('"usage":null', ',"usage":{}', '\\', '\n\ndata: [DONE]\n\n', 'héllo 👋', '"finish_reason":"stop"'),
)

/** One event in two forms: as an upstream sends it that was asked for usage, and as it would have sent it otherwise. */
interface Pair {
  readonly asked: string
  readonly unasked: string
  readonly deltas: number
}

const chunk: fc.Arbitrary<Pair> = fc
  .record({ content, place: fc.nat({ max: 3 }), hasUsage: fc.boolean(), eol: lineEnd, colon, space: fc.boolean() })
  .map(({ content: text, place, hasUsage, eol, colon: separator, space }) => {
    const gap = space ? ' ' : ''
    const members = [
      `"id":${gap}"chatcmpl-1"`,
      `"choices":${gap}[{"index":0,${gap}"delta":${gap}{"content":${gap}${JSON.stringify(text)}},"finish_reason":null}]`,
      `"x":{"usage":null,"y":[{"usage":{}}]}`,
    ]
    const render = (list: string[]): string => `data${separator}{${list.join(`,${gap}`)}}${eol}${eol}`
    const asked = hasUsage ? members.toSpliced(place, 0, `"usage":${gap}null`) : members
    return { asked: render(asked), unasked: render(members), deltas: 1 }
  })

const usageOnly: fc.Arbitrary<Pair> = fc.record({ eol: lineEnd, colon }).map(({ eol, colon: separator }) => ({
  asked: `data${separator}{"id":"1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}${eol}${eol}`,
  unasked: '',
  deltas: 0,
}))

const other: fc.Arbitrary<Pair> = fc
  .constantFrom(
    ': ping\n\n',
    ':\r\r',
    '\r\n\r\n',
    'event: message\nid: 7\ndata: {"choices":[]}\n\n',
    'data: {"choices":[],"prompt_filter_results":[]}\r\n\r\n',
    'data: not json {"usage":null}\n\n',
    'data\n\n',
    'retry: 5\r\r',
    'data: {"choices":\ndata:[{"delta":{}}]}\n\n',
  )
  .map((text) => ({ asked: text, unasked: text, deltas: 0 }))

const streams = fc
  .record({
    mark: fc.constantFrom('', '\uFEFF', '\n', '\uFEFF\n'),
    events: fc.array(fc.oneof({ weight: 3, arbitrary: chunk }, usageOnly, other), { maxLength: 8 }),
    end: fc.constantFrom('data: [DONE]\n\n', 'data:[DONE]\r\n\r\n', 'data: [DONE]\n', 'data: [DONE]', ''),
    cuts: fc.array(fc.nat(), { maxLength: 30 }),
  })
  .map(({ mark, events, end, cuts }) => {
    const asked = Buffer.from(mark + events.map((event) => event.asked).join('') + end)
    const unasked = mark + events.map((event) => event.unasked).join('') + end
    return { pieces: cutAt(asked, cuts), asked: asked.toString(), unasked, events, end }
  })

test('gives the client of an injected stream the stream that it would have had, however it is cut', () => {
  fc.assert(
    fc.property(streams, ({ pieces, unasked }) => {
      expect(relay(pieces, true).text).toBe(unasked)
    }),
    { numRuns: 2000 },
  )
})

test('changes no byte for a client that asked for usage itself', () => {
  fc.assert(
    fc.property(streams, ({ pieces, asked }) => {
      expect(relay(pieces, false).text).toBe(asked)
    }),
  )
})

test('hears the same however a stream is cut, and whether it strips or not', () => {
  fc.assert(
    fc.property(streams, fc.boolean(), ({ pieces, events, end, asked }, strips) => {
      const { tap } = relay(pieces, strips)
      const hasUsage = events.some(({ unasked }) => unasked === '')
      expect(tap.usage).toEqual(hasUsage ? { promptTokens: 3, completionTokens: 4 } : undefined)
      expect(tap.deltas).toBe(events.reduce((sum, { deltas }) => sum + deltas, 0))
      expect(tap.isComplete, asked).toBe(end !== '')
      expect(tap.failure).toBeUndefined()
    }),
    { numRuns: 500 },
  )
})

test('passes a piece on as it is when nothing in it is to be left out', () => {
  const tap = new EventTap(true)
  const piece = Buffer.from('data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: {"choices":[]}\n\n')
  expect(tap.push(piece)).toBe(piece)
})

test('removes a usage of null from data of several lines', () => {
  const { text } = relay([Buffer.from('data: {"choices":[1],\ndata: "usage":null,\ndata: "x":1}\n\n')], true)
  expect(text).toBe('data: {"choices":[1],\ndata: "x":1}\n\n')
})

test('keeps the usage of a chunk that has choices too', () => {
  const stream = 'data: {"choices":[{"delta":{}}],"usage":{"prompt_tokens":1}}\n\n'
  const { text, tap } = relay([Buffer.from(stream)], true)
  expect(text).toBe(stream)
  expect(tap.usage).toEqual({ promptTokens: 1, completionTokens: 0 })
})

test.each([
  ['a content', '{"choices":[{"delta":{"content":"a"}}]}', 1],
  ['a content behind spaces', '{"choices": [ {"delta" : { "content" : "a" } } ] }', 1],
  ['a text of completions', '{"choices":[{"text":"a"}]}', 1],
  ['a thought', '{"choices":[{"delta":{"reasoning_content":"a","content":null}}]}', 1],
  ['arguments of a tool', '{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"{"}}]}}]}', 1],
  ['a delta of a response', '{"type":"response.output_text.delta","delta":"a"}', 1],
  ['a role', '{"choices":[{"delta":{"role":"assistant","content":""}}]}', 0],
  ['log probabilities alone', '{"choices":[{"logprobs":{"content":[]},"delta":{}}]}', 0],
  ['a finished response', '{"type":"response.completed","response":{"output":[{"content":[{"text":"a"}]}]}}', 0],
  ['a content that is elsewhere', '{"x":{"content":"a"},"choices":[]}', 0],
])('counts %s', (_name, data, deltas) => {
  expect(read(`data: ${data}\n\n`).deltas).toBe(deltas)
})

test.each([
  ['[DONE]', 'data: [DONE]\n\n', true],
  ['a finish reason', 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n', true],
  [
    'a finish reason and then usage',
    'data: {"choices":[{"finish_reason":"stop"}]}\n\ndata: {"choices":[],"usage":{}}\n\n',
    true,
  ],
  [
    'one of two choices that has finished',
    'data: {"choices":[{"index":0,"finish_reason":"stop"}]}\n\ndata: {"choices":[{"index":1,"delta":{"content":"a"}}]}\n\n',
    false,
  ],
  ['no finish reason', 'data: {"choices":[{"delta":{"content":"a"},"finish_reason":null}]}\n\n', false],
  [
    'a text that speaks of one',
    `data: {"choices":[{"delta":{"content":${JSON.stringify('"finish_reason":"stop"')}}}]}\n\n`,
    false,
  ],
  ['a response that is completed', 'event: response.completed\ndata: {"type":"response.completed"}\n\n', true],
  ['a response that is incomplete', 'data: {"type": "response.incomplete"}\n\n', true],
  ['a response in progress', 'data: {"type":"response.in_progress"}\n\n', false],
  ['nothing', '', false],
])('takes a stream that ends with %s for complete or not', (_name, stream, isComplete) => {
  expect(read(stream).isComplete).toBe(isComplete)
})

test.each([
  ['an error object', 'data: {"error":{"message":"no"}}\n\n', '{"error":{"message":"no"}}'],
  ['an error text', 'data: {"error":"no"}\n\n', '{"error":"no"}'],
  ['an event of that name', 'event: error\ndata: no\n\n', 'no'],
  ['an event of that name and no space', 'data:{}\r\nevent:error\r\n\r\n', '{}'],
  ['an error of the Responses API', 'data: {"type":"error","message":"no"}\n\n', '{"type":"error","message":"no"}'],
  ['a failed response', 'data: {"type":"response.failed"}\n\n', '{"type":"response.failed"}'],
  ['no error at all', 'data: {"error":null,"choices":[]}\n\n', undefined],
  ['an inner error', 'data: {"choices":[{"error":{}}]}\n\n', undefined],
  ['an event of a longer name', 'event: errors\ndata: {}\n\n', undefined],
])('recognises %s', (_name, stream, failure) => {
  expect(read(stream).failure).toBe(failure)
})

test('reads the usage of a response', () => {
  const data = '{"type":"response.completed","response":{"usage":{"input_tokens":5,"output_tokens":6}}}'
  expect(read(`event: response.completed\ndata: ${data}\n\n`).usage).toEqual({ promptTokens: 5, completionTokens: 6 })
})

test('knows when another event can follow what the client was given', () => {
  const whole = new EventTap(false)
  expect(whole.isBetweenEvents).toBe(true)
  whole.push(Buffer.from('data: {}\n'))
  expect(whole.isBetweenEvents).toBe(false)
  whole.push(Buffer.from('\n'))
  expect(whole.isBetweenEvents).toBe(true)
  const stripping = new EventTap(true)
  expect(stripping.push(Buffer.from('data: {')).length).toBe(0)
  expect(stripping.isBetweenEvents).toBe(true)
})

test('passes an event on unread when it is larger than a mebibyte, and reads the next one', () => {
  const large = `data: {"choices":[{"delta":{"content":"${'x'.repeat(1024 * 1024)}"}}],"usage":null}\n\n`
  const next = 'data: {"choices":[{"delta":{"content":"a"}}],"usage":null}\n\n'
  const bytes = Buffer.from(large + next)
  const pieces = cutAt(
    bytes,
    Array.from({ length: 200 }, (_, index) => index * 6007),
  )
  const { text, tap } = relay(pieces, true)
  expect(text === large + next.replace(',"usage":null', '')).toBe(true)
  expect(tap.deltas).toBe(1)
  expect(relay(pieces, false).text === large + next).toBe(true)
})

test('takes an event that comes byte by byte in time that grows with its length alone', () => {
  // Quadratic work would be half a million million bytes, for minutes; the test would end by its time limit.
  const event = Buffer.from(`data: {"choices":[{"delta":{"content":"${'x'.repeat(900_000)}"}}]}\n\n`)
  const tap = new EventTap(true)
  let out = 0
  for (let at = 0; at < event.length; at++) out += tap.push(event.subarray(at, at + 1)).length
  expect([out, tap.deltas]).toEqual([event.length, 1])
})
