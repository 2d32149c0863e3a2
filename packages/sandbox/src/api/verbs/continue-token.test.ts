import { expect, test } from 'vitest'
import { StatusError } from '../status.ts'
import { encodeContinue, parseContinue } from './continue-token.ts'

test.each([
  { version: 7, after: 'llama' },
  { version: -1, after: 'demo/llama' },
])('a token says where a list goes on: %j', (continuation) => {
  expect(parseContinue(encodeContinue(continuation))).toEqual(continuation)
})

test.each([null, ''])('%j is no token, and begins a list', (text) => {
  expect(parseContinue(text)).toBeUndefined()
})

test.each([
  'nonsense',
  Buffer.from('[]').toString('base64url'),
  Buffer.from('{"v":"meta.k8s.io/v1","rv":1}').toString('base64url'),
  Buffer.from('{"v":"v0","rv":1,"start":"/a"}').toString('base64url'),
  Buffer.from('{"v":"meta.k8s.io/v1","rv":1,"start":"a"}').toString('base64url'),
])('%j is refused', (text) => {
  expect(() => parseContinue(text)).toThrow(StatusError)
})
