import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { TailOfBody } from './tail-of-body.ts'
import { findUsage } from './usage.ts'

const find = (text: string): ReturnType<typeof findUsage> => findUsage(Buffer.from(text))

test.each([
  ['chat', '{"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}', [1, 2]],
  [
    'responses',
    '{"usage":{"input_tokens":1,"output_tokens":2,"output_tokens_details":{"reasoning_tokens":1}}}',
    [1, 2],
  ],
  ['embeddings', '{"usage":{"prompt_tokens":5,"total_tokens":5}}', [5, 0]],
  ['rerankers', '{"usage":{"total_tokens":5}}', [5, 0]],
  ['what stands before other members', '{"usage": {"prompt_tokens":1} , "x":[{}], "y":null }\n', [1, 0]],
])('finds the usage of %s', (_name, text, [promptTokens, completionTokens]) => {
  expect(find(text)).toEqual({ promptTokens, completionTokens })
})

test.each([
  ['no usage', '{"x":1}'],
  ['nothing', ''],
  ['a usage that is null', '{"usage":null}'],
  ['a usage of other words', '{"usage":{"tokens":1}}'],
  ['counts that are none', '{"usage":{"prompt_tokens":-1,"completion_tokens":1.5,"total_tokens":"3"}}'],
  ['a usage deeper in', '{"choices":[{"usage":{"prompt_tokens":1}}]}'],
  ['a usage deeper in and behind members', '{"x":{"usage":{"prompt_tokens":1},"y":2},"z":3}'],
  ['a text that speaks of it', JSON.stringify({ x: '"usage":{"prompt_tokens":1}' })],
  ['a key that ends like it', String.raw`{"x\"usage":{"prompt_tokens":1}}`],
  ['a body that breaks off', '{"usage":{"prompt_tokens":1}'],
  ['a usage that breaks off', '{"usage":{"prompt_tokens":1'],
  ['what is no JSON', '{"usage":{prompt_tokens}}'],
])('finds none in %s', (_name, text) => {
  expect(find(text)).toBeUndefined()
})

test('finds what JSON.parse would, whatever stands around it', () => {
  const around = fc.array(fc.tuple(fc.string(), fc.json({ maxDepth: 3 })), { maxLength: 3 })
  const inner = fc.constantFrom('{"usage":{"prompt_tokens":9}}', '[{"usage":{"prompt_tokens":9}}]', '"usage"')
  fc.assert(
    fc.property(around, around, inner, fc.nat(), (before, after, decoy, promptTokens) => {
      const member = ([name, value]: [string, string]): string => `${JSON.stringify(`x${name}`)}: ${value}`
      const usage = `"usage": {"prompt_tokens":${promptTokens}}`
      const members = [...before.map(member), `"decoy":${decoy}`, usage, ...after.map(member), `"end":${decoy}`]
      expect(find(`{${members.join(', ')}}`)).toEqual({ promptTokens, completionTokens: 0 })
    }),
  )
})

test('needs no more of a body than its end, however it comes', () => {
  const text = Buffer.from(`{"data":[${'0.25,'.repeat(20_000)}1],"usage":{"prompt_tokens":8}}`)
  for (const size of [1000, 16 * 1024, 50_000, text.length]) {
    const tail = new TailOfBody()
    for (let at = 0; at < text.length; at += size) tail.push(text.subarray(at, at + size))
    expect(tail.bytes).toEqual(text.subarray(-16 * 1024))
    expect(findUsage(tail.bytes)).toEqual({ promptTokens: 8, completionTokens: 0 })
  }
})
