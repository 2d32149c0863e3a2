import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'
import { RetryBudget } from './retry-budget.ts'

const WINDOW_MS = 10_000

function setUp(percent: number) {
  let nowMs = 0
  const budget = new RetryBudget({ percent, now: () => nowMs })
  const note = (times: number): void => {
    for (let time = 0; time < times; time += 1) budget.note()
  }
  const takeAll = (most = 1_000): number => {
    let taken = 0
    while (taken < most && budget.take()) taken += 1
    return taken
  }
  return { budget, note, takeAll, tick: (ms: number) => void (nowMs += ms) }
}

describe('a retry budget', () => {
  test('allows its percentage of the requests', () => {
    const { note, takeAll } = setUp(10)
    note(1_000)
    expect(takeAll()).toBe(100)
  })

  test('allows a few retries where there are few requests', () => {
    const { note, takeAll } = setUp(10)
    note(1)
    expect(takeAll()).toBe(10)
  })

  test('forgets requests and retries after ten seconds', () => {
    const { note, takeAll, tick } = setUp(20)
    note(100)
    expect(takeAll()).toBe(20)
    tick(WINDOW_MS)
    expect(takeAll()).toBe(10)
  })

  test('0 percent allows none', () => {
    const { budget, note } = setUp(0)
    note(1_000)
    expect(budget.take()).toBe(false)
  })

  test('another percentage holds at once and keeps the counts', () => {
    const { budget, note, takeAll } = setUp(10)
    note(1_000)
    expect(takeAll()).toBe(100)
    budget.percent = 15
    expect(takeAll()).toBe(50)
  })

  test('no retry is given beyond the share of the last ten seconds, or the minimum', () => {
    const event = fc.record({ waitMs: fc.nat(3_000), requests: fc.nat(200), retries: fc.nat(60) })
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 60, size: 'max' }),
        fc.integer({ min: 1, max: 100 }),
        (events, percent) => {
          const { note, takeAll, tick } = setUp(percent)
          const seen: { atMs: number; requests: number; retries: number }[] = []
          let nowMs = 0
          for (const { waitMs, requests, retries } of events) {
            tick(waitMs)
            nowMs += waitMs
            note(requests)
            const taken = takeAll(retries)
            seen.push({ atMs: nowMs, requests, retries: taken })
            if (taken === 0) continue
            const recent = seen.filter(({ atMs }) => Math.floor(atMs / 1_000) > Math.floor(nowMs / 1_000) - 10)
            const total = (of: 'requests' | 'retries'): number => recent.reduce((sum, entry) => sum + entry[of], 0)
            expect(total('retries')).toBeLessThanOrEqual(Math.max(10, (total('requests') * percent) / 100))
          }
        },
      ),
    )
  })
})

describe('backoffMs', () => {
  test('doubles its limit with each attempt up to the highest', () => {
    const longest = [1, 2, 3, 4, 5, 6, 60].map((attempt) => backoffMs(attempt, { backoffMs: [50, 1_000] }, () => 1))
    expect(longest).toEqual([50, 100, 200, 400, 800, 1_000, 1_000])
  })

  test('takes anything from 0 on', () => {
    expect(backoffMs(3, { backoffMs: [50, 1_000] }, () => 0)).toBe(0)
    expect(backoffMs(3, { backoffMs: [50, 1_000] }, () => 0.25)).toBe(50)
  })
})
