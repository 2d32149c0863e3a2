import { expect, test } from 'vitest'
import { backoffMs, createWorkQueue } from './work-queue.ts'

/** A handler whose calls end when the test says so. */
function heldHandler() {
  const calls: { key: string; end: () => void }[] = []
  const arrivals: (() => void)[] = []
  function handle(key: string): Promise<undefined> {
    return new Promise((resolve) => {
      calls.push({ key, end: () => resolve(undefined) })
      arrivals.shift()?.()
    })
  }
  async function callNumber(number: number) {
    while (calls.length < number) await new Promise<void>((resolve) => arrivals.push(resolve))
    const call = calls[number - 1]
    if (call === undefined) throw new Error('unreachable')
    return call
  }
  return { calls, handle, callNumber }
}

test('a key added many times while it is worked on is worked on once more', async () => {
  const { calls, handle, callNumber } = heldHandler()
  const queue = createWorkQueue({ handle })
  queue.add('a')
  const first = await callNumber(1)
  queue.add('a')
  queue.add('a')
  expect(calls).toHaveLength(1)
  first.end()
  const second = await callNumber(2)
  second.end()
  await queue.close()
  expect(calls.map((call) => call.key)).toEqual(['a', 'a'])
})

test('different keys are worked on side by side, up to the concurrency', async () => {
  const { calls, handle, callNumber } = heldHandler()
  const queue = createWorkQueue({ handle, concurrency: 2 })
  for (const key of ['a', 'b', 'c']) queue.add(key)
  expect(calls.map((call) => call.key)).toEqual(['a', 'b'])
  const first = await callNumber(1)
  first.end()
  await callNumber(3)
  expect(calls.map((call) => call.key)).toEqual(['a', 'b', 'c'])
  for (const call of calls) call.end()
  await queue.close()
})

test('a failed key is retried until it succeeds, and each failure is told', async () => {
  const told: string[] = []
  let tries = 0
  const done = Promise.withResolvers<void>()
  const queue = createWorkQueue({
    handle: () => {
      tries++
      if (tries < 3) return Promise.reject(new Error(`no ${tries}`))
      done.resolve()
      return Promise.resolve(undefined)
    },
    onError: (key, thrown) => told.push(`${key}: ${String(thrown)}`),
    baseBackoffMs: 1,
  })
  queue.add('a')
  await done.promise
  await queue.close()
  expect(told).toEqual(['a: Error: no 1', 'a: Error: no 2'])
})

test('a handler that asks for it is called again later', async () => {
  let calls = 0
  const done = Promise.withResolvers<void>()
  const queue = createWorkQueue({
    handle: () => {
      calls++
      if (calls === 1) return Promise.resolve({ requeueAfterMs: 1 })
      done.resolve()
      return Promise.resolve(undefined)
    },
  })
  queue.add('a')
  await done.promise
  await queue.close()
  expect(calls).toBe(2)
})

test('of several delays of one key the earliest counts, and a delay that no timer can hold does not pass at once', async () => {
  const { calls, handle, callNumber } = heldHandler()
  const queue = createWorkQueue({ handle })
  queue.addAfter('never', 2 ** 40)
  queue.addAfter('a', 60_000)
  queue.addAfter('a', 5)
  queue.addAfter('a', 10)
  queue.addAfter('b', 20)
  const first = await callNumber(1)
  first.end()
  await callNumber(2)
  expect(calls.map((call) => call.key)).toEqual(['a', 'b'])
  for (const call of calls) call.end()
  await queue.close()
})

test('close waits for the work in progress and drops the rest', async () => {
  const { calls, handle, callNumber } = heldHandler()
  const queue = createWorkQueue({ handle, concurrency: 1 })
  queue.add('a')
  queue.add('b')
  const first = await callNumber(1)
  let closed = false
  const closing = queue.close().then(() => {
    closed = true
  })
  await Promise.resolve()
  expect(closed).toBe(false)
  first.end()
  await closing
  queue.add('c')
  expect(calls.map((call) => call.key)).toEqual(['a'])
})

test('the pause doubles up to its maximum and half of it is random', () => {
  expect([1, 2, 3, 20].map((failures) => backoffMs(failures, 100, 1000, () => 1))).toEqual([100, 200, 400, 1000])
  expect(backoffMs(3, 100, 1000, () => 0)).toBe(200)
})
