import { expect, test } from 'vitest'
import { OpenAIError } from '../openai-error.ts'
import { baseModel, NO_FAULTS, parseFaults } from './faults.ts'
import { Recurrence } from './recurrence.ts'

test('the switches of the header and of the model are joined, and the model wins', () => {
  const faults = parseFaults('cut=3; crlf', 'mock-worker+fault=cut=5;retry-after=0.5')
  expect(faults.value('cut')).toBe(5)
  expect(faults.value('retry-after')).toBe(0.5)
  expect(faults.has('crlf')).toBe(true)
  expect(faults.has('gzip')).toBe(false)
  expect(faults.value('end')).toBeUndefined()
})

test('a model without its faults', () => {
  expect(baseModel('mock-worker+fault=cut=3')).toBe('mock-worker')
  expect(baseModel('meta/llama')).toBe('meta/llama')
})

test.each(['nonsense', 'cut', 'cut=-1', 'cut=1.5', 'status=200', 'split=0', 'crlf=2', 'toString', 'malformed=0'])(
  '%s is refused with the list of all faults',
  (text) => {
    const parse = () => parseFaults(text, 'm')
    expect(parse).toThrow(OpenAIError)
    expect(parse).toThrow(/Faults are: first-byte-delay=N, .*slow-drip=N, no-done, .*gzip/)
  },
)

test('a fault with times happens so often, for each id apart', () => {
  const recurrence = new Recurrence()
  const admits = (text: string) => recurrence.admit(parseFaults(text, 'm')) !== NO_FAULTS
  expect([1, 2, 3].map(() => admits('status=503;times=2;id=a'))).toEqual([true, true, false])
  expect(admits('status=503;times=2;id=b')).toBe(true)
  expect([1, 2, 3].map(() => admits('status=503'))).toEqual([true, true, true])
})

test('the oldest id is forgotten when there are very many', () => {
  const recurrence = new Recurrence()
  const admits = (id: number) => recurrence.admit(parseFaults(`status=503;times=1;id=${id}`, 'm')) !== NO_FAULTS
  expect(admits(0)).toBe(true)
  expect(admits(0)).toBe(false)
  for (let id = 1; id <= 1000; id++) admits(id)
  expect(admits(0)).toBe(true)
})
