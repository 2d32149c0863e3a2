import { describe, expect, test } from 'vitest'
import { GatewayError } from '../errors.ts'
import { MemoryLimiter } from './memory-limiter.ts'
import type { LimitKind } from './refusal.ts'
import { callerWith } from './testing/callers.ts'

/** A limiter with a window of 10 s and a clock that the test turns. */
function createLimiter() {
  const clock = { ms: 5_000 }
  const refused: LimitKind[] = []
  const limiter = new MemoryLimiter({ windowMs: 10_000, now: () => clock.ms, onRefused: (kind) => refused.push(kind) })
  return { limiter, clock, refused }
}

function refusalOf(act: () => unknown): GatewayError {
  try {
    act()
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown
    throw thrown
  }
  throw new Error('nothing was refused')
}

describe('requests', () => {
  test('a window admits exactly the limit, to each caller by itself', () => {
    const { limiter, refused } = createLimiter()
    const callers = [callerWith('a', { requestsPerWindow: 100 }), callerWith('b', { requestsPerWindow: 7 })]
    const admitted = callers.map((caller) => {
      let count = 0
      for (let call = 0; call < 500; call += 1) {
        try {
          limiter.reserve(caller, 1).settle(undefined)
          count += 1
        } catch {
          continue
        }
      }
      return count
    })
    expect(admitted).toEqual([100, 7])
    expect(refused).toHaveLength(400 + 493)
  })

  test('the window opens with the first request and ends a window later', () => {
    const { limiter, clock } = createLimiter()
    const caller = callerWith('a', { requestsPerWindow: 1 })
    limiter.reserve(caller, 0)
    clock.ms += 9_999
    expect(() => limiter.reserve(caller, 0)).toThrow(GatewayError)
    clock.ms += 1
    expect(limiter.reserve(caller, 0).headers['x-ratelimit-reset-requests']).toBe('10s')
  })

  test('refused requests do not count, and do not open a window', () => {
    const { limiter, clock } = createLimiter()
    const caller = callerWith('a', { requestsPerWindow: 1, concurrency: 1 })
    const first = limiter.reserve(caller, 0)
    clock.ms += 10_000
    expect(refusalOf(() => limiter.reserve(caller, 0)).message).toContain('at a time')
    first.settle(undefined)
    clock.ms += 9_000
    expect(limiter.reserve(caller, 0).headers['x-ratelimit-reset']).toBe('10')
  })

  test('a request that was never served is given back to the window it was taken from', () => {
    const { limiter, clock } = createLimiter()
    const caller = callerWith('a', { requestsPerWindow: 1 })
    const first = limiter.reserve(caller, 0)
    first.settle(0, false)
    const second = limiter.reserve(caller, 0)
    expect(() => limiter.reserve(caller, 0)).toThrow(GatewayError)
    clock.ms += 10_000
    limiter.reserve(caller, 0)
    second.settle(0, false)
    expect(() => limiter.reserve(caller, 0)).toThrow(GatewayError)
  })
})

describe('tokens', () => {
  test('the estimate is taken at once and corrected by what was used', () => {
    const { limiter } = createLimiter()
    const caller = callerWith('a', { tokensPerMinute: 100 })
    const first = limiter.reserve(caller, 80)
    expect(() => limiter.reserve(caller, 30)).toThrow(GatewayError)
    first.settle(10)
    expect(limiter.reserve(caller, 30).headers['x-ratelimit-remaining-tokens']).toBe('60')
  })

  test('more than the estimate counts as well, and nothing below zero is left', () => {
    const { limiter } = createLimiter()
    const caller = callerWith('a', { tokensPerMinute: 100 })
    limiter.reserve(caller, 10).settle(250)
    expect(refusalOf(() => limiter.reserve(caller, 1)).headers['x-ratelimit-remaining-tokens']).toBe('0')
  })

  test('a request that outlives its window changes nothing of the next one', () => {
    const { limiter, clock } = createLimiter()
    const caller = callerWith('a', { tokensPerMinute: 100 })
    const long = limiter.reserve(caller, 90)
    clock.ms += 60_000
    limiter.reserve(caller, 40).settle(40)
    long.settle(5)
    expect(limiter.reserve(caller, 0).headers['x-ratelimit-remaining-tokens']).toBe('60')
  })

  test('only the first settlement counts', () => {
    const { limiter } = createLimiter()
    const caller = callerWith('a', { tokensPerMinute: 100, concurrency: 2 })
    limiter.reserve(caller, 0)
    const reservation = limiter.reserve(caller, 50)
    for (const tokens of [20, 0, undefined]) reservation.settle(tokens)
    const next = limiter.reserve(caller, 0)
    expect(next.headers['x-ratelimit-remaining-tokens']).toBe('80')
    expect(() => limiter.reserve(caller, 0)).toThrow(GatewayError)
  })

  test.each([Number.NaN, -5, Number.POSITIVE_INFINITY])(
    'a count of %s, which no upstream can mean, is no tokens',
    (tokens) => {
      const { limiter } = createLimiter()
      const caller = callerWith('a', { tokensPerMinute: 100 })
      limiter.reserve(caller, 60).settle(tokens)
      expect(limiter.reserve(caller, 0).headers['x-ratelimit-remaining-tokens']).toBe('100')
    },
  )
})

describe('the answer', () => {
  test('a refusal says how long to wait', () => {
    const { limiter, clock } = createLimiter()
    const caller = callerWith('a', { requestsPerWindow: 1, tokensPerMinute: 500 })
    limiter.reserve(caller, 20)
    clock.ms += 2_500.25
    const error = refusalOf(() => limiter.reserve(caller, 20))
    expect(error.code).toBe('rate_limit_exceeded')
    expect(error.message).toBe('Rate limit exceeded: the limit is 1 request per 10 s. Retry in 8 seconds.')
    expect(error.headers).toEqual({
      'retry-after': '8',
      'retry-after-ms': '7500',
      'x-ratelimit-limit-requests': '1',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '8s',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '8',
      'x-ratelimit-limit-tokens': '500',
      'x-ratelimit-remaining-tokens': '480',
      'x-ratelimit-reset-tokens': '58s',
    })
  })

  test('of two limits the one that lasts longer is named', () => {
    const { limiter, refused } = createLimiter()
    const caller = callerWith('a', { requestsPerWindow: 1, tokensPerMinute: 10 })
    limiter.reserve(caller, 10)
    expect(refusalOf(() => limiter.reserve(caller, 1)).headers['retry-after']).toBe('60')
    expect(refused).toEqual(['tokens'])
  })

  test.each([
    { limits: { requestsPerWindow: 0 }, tokens: 0 },
    { limits: { tokensPerMinute: 0 }, tokens: 0 },
    { limits: { concurrency: 0 }, tokens: 0 },
    { limits: { tokensPerMinute: 50 }, tokens: 51 },
  ])('what can never pass is refused, and retries are called off: $limits', ({ limits, tokens }) => {
    const { limiter } = createLimiter()
    const error = refusalOf(() => limiter.reserve(callerWith('a', limits), tokens))
    expect(error.headers['x-should-retry']).toBe('false')
    expect(Number(error.headers['retry-after'])).toBeGreaterThan(0)
  })

  test('limits that a caller does not have are not spoken of', () => {
    const { limiter } = createLimiter()
    expect(limiter.reserve(callerWith('a', {}), 5).headers).toEqual({})
    expect(limiter.reserve(callerWith('a', { concurrency: 3 }), 5).headers).toEqual({})
    const names = Object.keys(limiter.reserve(callerWith('a', { requestsPerWindow: 3 }), 5).headers)
    expect(names.filter((name) => name.includes('tokens'))).toEqual([])
  })
})

describe('memory', () => {
  test('idle callers are forgotten as new ones come', () => {
    const { limiter, clock } = createLimiter()
    for (let caller = 0; caller < 20_000; caller += 1) {
      limiter.reserve(callerWith(`caller-${caller}`, { requestsPerWindow: 5 }), 0).settle(undefined)
      clock.ms += 100 // a window lasts 100 callers
    }
    expect(limiter.usages.size).toBeLessThan(300)
  })

  test('a caller with a request in flight is remembered however long it takes', () => {
    const { limiter, clock } = createLimiter()
    const slow = callerWith('slow', { concurrency: 1 })
    const held = limiter.reserve(slow, 0)
    for (let caller = 0; caller < 1_000; caller += 1) {
      limiter.reserve(callerWith(`caller-${caller}`, { requestsPerWindow: 5 }), 0).settle(undefined)
      clock.ms += 1_000
    }
    expect(() => limiter.reserve(slow, 0)).toThrow(GatewayError)
    held.settle(undefined)
    limiter.reserve(slow, 0).settle(undefined)
  })
})
