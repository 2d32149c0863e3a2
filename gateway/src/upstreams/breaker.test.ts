import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CircuitBreaker } from './breaker.ts'
import type { AttemptResult } from './endpoint.ts'

const CONSECUTIVE = 3
const OPEN_MS = 1_000

function setUp() {
  let nowMs = 5_000
  const breaker = new CircuitBreaker({ consecutive: CONSECUTIVE, openMs: OPEN_MS }, () => nowMs)
  const tick = (ms: number): void => void (nowMs += ms)
  const fail = (times: number): void => {
    for (let time = 0; time < times; time += 1) call('failure')
  }
  const call = (kind: AttemptResult['kind']) => {
    breaker.begin(0)
    return breaker.end(kind)
  }
  return { breaker, tick, fail, call, now: () => nowMs }
}

describe('a circuit breaker', () => {
  test('opens with the last of the failures in a row, not before', () => {
    const { breaker, fail, call } = setUp()
    fail(CONSECUTIVE - 1)
    expect(breaker.state).toBe('closed')
    expect(call('failure')).toBe('opened')
    expect(breaker.state).toBe('open')
    expect(breaker.admits()).toBe(false)
  })

  test('an answer, also a 4xx, ends the row of failures', () => {
    const { breaker, fail, call } = setUp()
    fail(CONSECUTIVE - 1)
    call('success')
    fail(CONSECUTIVE - 1)
    expect(breaker.state).toBe('closed')
  })

  test.each(['neutral', 'cooldown'] as const)('%s neither counts as a failure nor ends the row', (kind) => {
    const { breaker, fail, call } = setUp()
    fail(CONSECUTIVE - 1)
    for (let time = 0; time < 10; time += 1) call(kind)
    expect(breaker.failures).toBe(CONSECUTIVE - 1)
    expect(breaker.state).toBe('closed')
    fail(1)
    expect(breaker.state).toBe('open')
  })

  test('says how long it stays open', () => {
    const { breaker, fail, tick } = setUp()
    fail(CONSECUTIVE)
    tick(400)
    expect(breaker.restMs()).toBe(600)
    expect(breaker.openedForMs).toBe(400)
    tick(600)
    expect(breaker.restMs()).toBe(0)
    expect(breaker.state).toBe('half_open')
  })

  test('lets exactly one probe out when its time is over', () => {
    const { breaker, fail, tick } = setUp()
    fail(CONSECUTIVE)
    tick(OPEN_MS)
    expect(breaker.admits()).toBe(true)
    expect(breaker.begin(0)).toBe('half_opened')
    expect(breaker.admits()).toBe(false)
  })

  test('a probe that succeeds closes it, one that fails opens it anew', () => {
    const { breaker, fail, tick, call } = setUp()
    fail(CONSECUTIVE)
    tick(OPEN_MS)
    expect(call('failure')).toBe('opened')
    expect(breaker.restMs()).toBe(OPEN_MS)
    tick(OPEN_MS)
    expect(call('success')).toBe('closed')
    expect(breaker).toMatchObject({ state: 'closed', failures: 0, openedForMs: undefined })
  })

  test.each(['neutral', 'cooldown'] as const)('a probe that ends %s is given back', (kind) => {
    const { breaker, fail, tick, call } = setUp()
    fail(CONSECUTIVE)
    tick(OPEN_MS)
    expect(call(kind)).toBeUndefined()
    expect(breaker.state).toBe('half_open')
    expect(breaker.admits()).toBe(true)
  })

  test('calls from before it opened that end while it is open change nothing', () => {
    const { breaker, fail, tick } = setUp()
    breaker.begin(0)
    breaker.begin(1)
    fail(CONSECUTIVE)
    breaker.end('success')
    tick(OPEN_MS)
    breaker.end('failure')
    expect(breaker.state).toBe('half_open')
    expect(breaker.admits()).toBe(true)
  })

  test('an earlier call whose client leaves does not let a second probe out', () => {
    const { breaker, fail, tick } = setUp()
    breaker.begin(0)
    fail(CONSECUTIVE)
    tick(OPEN_MS)
    breaker.begin(1)
    breaker.end('neutral')
    expect(breaker.admits()).toBe(false)
    breaker.end('neutral')
    expect(breaker.admits()).toBe(true)
  })

  test('a probe without any result does not keep the endpoint away for ever', () => {
    const { breaker, fail, tick } = setUp()
    fail(CONSECUTIVE)
    tick(OPEN_MS)
    breaker.begin(0)
    tick(OPEN_MS)
    expect(breaker.admits()).toBe(true)
  })
})

type Step =
  | { readonly do: 'begin' }
  | { readonly do: 'end'; readonly which: number; readonly kind: AttemptResult['kind'] }
  | { readonly do: 'wait'; readonly ms: number }

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Step>({ do: 'begin' }) },
    {
      weight: 4,
      arbitrary: fc.record<Step & { do: 'end' }>({
        do: fc.constant('end'),
        which: fc.nat(100),
        kind: fc.constantFrom('success', 'failure', 'failure', 'failure', 'cooldown', 'neutral'),
      }),
    },
    { weight: 2, arbitrary: fc.record<Step & { do: 'wait' }>({ do: fc.constant('wait'), ms: fc.nat(OPEN_MS + 200) }) },
  ),
  { maxLength: 200, size: 'max' },
)

/** A call of the model: it knows what the breaker cannot, namely which one is the probe. */
interface ModelCall {
  readonly probeOf: number | undefined
}

test('for any order of calls, ends and waits it opens by failures alone, waits its time and sends one probe', () => {
  fc.assert(
    fc.property(steps, (run) => {
      const { breaker, tick, now } = setUp()
      const inFlight: ModelCall[] = []
      let failures = 0
      let openedMs: number | undefined
      let lastProbe: { call: ModelCall; atMs: number } | undefined

      const begin = (): void => {
        const admits = breaker.admits()
        if (openedMs !== undefined && now() - openedMs < OPEN_MS) expect(admits).toBe(false)
        if (openedMs === undefined) expect(admits).toBe(true)
        // Nothing is left that could decide: it must not stay shut.
        if (openedMs !== undefined && now() - openedMs >= OPEN_MS && inFlight.length === 0) expect(admits).toBe(true)
        if (!admits) return
        const call: ModelCall = { probeOf: openedMs }
        if (openedMs !== undefined) {
          const isOut = lastProbe !== undefined && inFlight.includes(lastProbe.call)
          if (isOut && lastProbe?.call.probeOf === openedMs)
            expect(now() - lastProbe.atMs).toBeGreaterThanOrEqual(OPEN_MS)
          lastProbe = { call, atMs: now() }
        }
        breaker.begin(inFlight.length)
        inFlight.push(call)
      }

      const end = (which: number, kind: AttemptResult['kind']): void => {
        if (inFlight.length === 0) return
        const [call] = inFlight.splice(which % inFlight.length, 1)
        const before = breaker.state
        const change = breaker.end(kind)
        if (kind === 'neutral' || kind === 'cooldown') expect(change).toBeUndefined()
        if (before === 'closed') {
          if (kind === 'success') failures = 0
          if (kind === 'failure') failures += 1
          expect(change).toBe(kind === 'failure' && failures === CONSECUTIVE ? 'opened' : undefined)
        }
        if (before === 'half_open' && call?.probeOf === openedMs && lastProbe?.call === call) {
          if (kind === 'success') expect(change).toBe('closed')
          if (kind === 'failure') expect(change).toBe('opened')
        }
        if (change === 'opened') openedMs = now()
        if (change === 'closed') {
          openedMs = undefined
          failures = 0
        }
      }

      for (const step of run) {
        if (step.do === 'begin') begin()
        else if (step.do === 'end') end(step.which, step.kind)
        else tick(step.ms)
        expect(breaker.state === 'closed').toBe(openedMs === undefined)
      }
    }),
    { numRuns: 500 },
  )
})
