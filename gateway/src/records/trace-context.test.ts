import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { continueTrace } from './trace-context.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const SENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[01]$/

test('continues the trace of the client as its child', () => {
  const { traceId, headers } = continueTrace({ traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'vendor=a,b=c' })
  expect(traceId).toBe(TRACE)
  expect(headers['traceparent']).toMatch(SENT)
  expect(headers['traceparent']).toMatch(new RegExp(`^00-${TRACE}-(?!${PARENT}).*-01$`))
  expect(headers['tracestate']).toBe('vendor=a,b=c')
})

test.for([
  ['00', '00'],
  ['01', '01'],
  ['fe', '00'],
  ['ff', '01'],
])('of the flags %s it passes on %s: only one of them is known', ([flags = '', sent = '']) => {
  expect(continueTrace({ traceparent: `00-${TRACE}-${PARENT}-${flags}` }).headers['traceparent']).toMatch(
    new RegExp(`-${sent}$`),
  )
})

test('reads a later version as far as it is known', () => {
  expect(continueTrace({ traceparent: `01-${TRACE}-${PARENT}-01-more` }).traceId).toBe(TRACE)
})

test.for([
  ['nothing', undefined],
  ['an unknown version', `ff-${TRACE}-${PARENT}-01`],
  ['a trace of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
  ['a parent of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['capital letters', `00-${TRACE.toUpperCase()}-${PARENT}-01`],
  ['more than this version has', `00-${TRACE}-${PARENT}-01-more`],
  ['two headers in one', `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`],
  ['a line end', `00-${TRACE}-${PARENT}-01\n`],
])('begins a new trace for %s, and then without the state of the old one', ([, traceparent]) => {
  const { traceId, headers } = continueTrace({ tracestate: 'a=b', ...(traceparent !== undefined && { traceparent }) })
  expect(traceId).not.toBe(TRACE)
  expect(Object.keys(headers)).toEqual(['traceparent'])
  expect(headers['traceparent']).toMatch(SENT)
  expect(headers['traceparent']).toContain(traceId)
})

test.for(['a=\u0000', 'ä=1', '', `a=${'b'.repeat(1024)}`])('leaves out a state that is not valid: %j', (tracestate) => {
  const { headers } = continueTrace({ traceparent: `00-${TRACE}-${PARENT}-01`, tracestate })
  expect(headers).not.toHaveProperty('tracestate')
})

test('sends something valid, whatever it gets', () => {
  const hex = (length: number) =>
    fc.string({ unit: fc.constantFrom('0', '1', 'f', 'F'), minLength: length, maxLength: length })
  const almost = fc
    .tuple(hex(2), hex(32), hex(16), hex(2), fc.constantFrom('', '-x', ' '))
    .map((parts) => parts.join('-'))
  fc.assert(
    fc.property(fc.oneof(almost, fc.string({ unit: 'binary' })), (traceparent) => {
      expect(continueTrace({ traceparent }).headers['traceparent']).toMatch(SENT)
    }),
  )
})

test('draws a new id for each trace and each span', () => {
  const sent = Array.from({ length: 2_000 }, () => continueTrace({}).headers['traceparent'] ?? '')
  expect(new Set(sent.map((header) => header.slice(3, 35))).size).toBe(2_000)
  expect(new Set(sent.map((header) => header.slice(36, 52))).size).toBe(2_000)
})
