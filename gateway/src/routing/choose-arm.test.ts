import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Caller } from '../auth/caller.ts'
import type { Candidate } from './candidate.ts'
import { chooseArm } from './choose-arm.ts'
import { planRoute } from './plan.ts'
import { callerOf, endpointOf, snapshotOf, type EndpointState } from './testing/states.ts'

const MODEL = 'meta-llama/Meta-Llama-3-8B-Instruct'
const CALLERS = Array.from({ length: 100_000 }, (_, index): Caller => {
  return callerOf([], { id: createHash('sha256').update(`gw-test-${index}`).digest('hex').slice(0, 8) })
})
const upstreams = ['vllm', 'sglang', 'trtllm'].map((name) => ({ name, url: `http://${name}` }))

/** The candidate of a route as the configuration has it. */
function candidateOf(route: object): Candidate {
  const state = snapshotOf({ upstreams, models: [{ id: MODEL, route }] })
  const [candidate] = planRoute(MODEL, callerOf([]), state).candidates
  if (candidate === undefined) throw new Error('there is no candidate')
  return candidate
}

const canary = (percent: number): Candidate =>
  candidateOf({ strategy: 'canary', primary: 'vllm', canary: 'sglang', percent })

const weighted = (...weights: number[]): Candidate =>
  candidateOf({
    strategy: 'weighted',
    targets: weights.map((weight, index) => ({ name: upstreams[index]?.name, weight })),
  })

const armsOf = (candidate: Candidate, callers = CALLERS): string[] =>
  callers.map((caller) => chooseArm(candidate, caller).upstream)

const shareOf = (arms: readonly string[], name: string): number => arms.filter((arm) => arm === name).length

/** The square of how far a share is from what it should be, in standard deviations; and the same for several arms. */
const chiSquareOf = (seen: readonly number[], expected: readonly number[]): number =>
  seen.reduce((sum, count, index) => sum + (count - (expected[index] ?? 0)) ** 2 / (expected[index] ?? 1), 0)

test.each([1, 5, 10, 50, 99])(
  'sends %i percent of 100,000 callers to the canary, within the 99.9 %% interval',
  (percent) => {
    const share = percent / 100
    const seen = shareOf(armsOf(canary(percent)), 'sglang')
    const deviation = Math.sqrt(CALLERS.length * share * (1 - share))
    expect(Math.abs(seen - CALLERS.length * share)).toBeLessThan(3.29 * deviation)
  },
)

test('shares callers over several arms by their weights', () => {
  const arms = armsOf(weighted(70, 20, 10))
  const seen = upstreams.map(({ name }) => shareOf(arms, name))
  expect(chiSquareOf(seen, [70_000, 20_000, 10_000])).toBeLessThan(13.82) // 2 degrees of freedom, 99.9 %
})

test('keeps a caller on its arm, over new snapshots and whatever name it uses', () => {
  const route = { strategy: 'canary', primary: 'vllm', canary: 'sglang', percent: 50 }
  const state = snapshotOf({ upstreams, models: [{ id: MODEL, aliases: ['chat'], route }] })
  const again = snapshotOf({ upstreams: upstreams.toReversed(), models: [{ id: MODEL, aliases: ['chat'], route }] })
  for (const caller of CALLERS.slice(0, 1_000)) {
    const arms = [MODEL, 'chat'].flatMap((name) =>
      [state, again].map((snapshot) =>
        planRoute(name, caller, snapshot).candidates.map((c) => chooseArm(c, caller).upstream),
      ),
    )
    expect(new Set(arms.flat()).size, caller.id).toBe(1)
  }
})

test('decides for each model anew who is in its canary', () => {
  const models = ['one', 'two'].map((id) => {
    return { id, route: { strategy: 'canary', primary: 'vllm', canary: 'sglang', percent: 50 } }
  })
  const state = snapshotOf({ upstreams, models })
  const same = CALLERS.slice(0, 10_000).filter((caller) => {
    const arms = ['one', 'two'].map((id) =>
      planRoute(id, caller, state)
        .candidates.map((candidate) => chooseArm(candidate, caller).upstream)
        .join(),
    )
    return arms[0] === arms[1]
  })
  expect(Math.abs(same.length - 5_000)).toBeLessThan(3.29 * 50)
})

test('moves only the callers that a new percentage needs, and none back', () => {
  const [before, after] = [armsOf(canary(10)), armsOf(canary(15))]
  const moved = before.filter((arm, index) => arm !== after[index])
  expect(moved.every((arm) => arm === 'vllm')).toBe(true)
  expect(moved).toHaveLength(shareOf(after, 'sglang') - shareOf(before, 'sglang'))
})

test('moves callers only to the arm whose weight grows', () => {
  const [before, after] = [armsOf(weighted(1, 1, 1)), armsOf(weighted(1, 2, 1))]
  const moves = new Set(after.filter((arm, index) => arm !== before[index]))
  expect([...moves]).toEqual(['sglang'])
})

test('leaves no caller of the canary at 0 percent, and all at 100', () => {
  const some = CALLERS.slice(0, 1_000)
  expect(new Set(armsOf(canary(0), some))).toEqual(new Set(['vllm']))
  expect(new Set(armsOf(canary(100), some))).toEqual(new Set(['sglang']))
})

/** Three arms of equal weight, in these states; `null` has no endpoints. */
function armsIn(states: readonly (EndpointState | null)[]): Candidate {
  const candidate = weighted(1, 1, 1)
  const arms = candidate.arms.map(({ arm, weight }, index) => {
    const state = states[index]
    const { upstream, settings } = arm
    const endpoints = state === null ? [] : [endpointOf(upstream, `http://${upstream}`, settings, state)]
    return { arm: { ...arm, endpoints }, weight }
  })
  return { ...candidate, arms }
}

test.each<[string, EndpointState | null]>([
  ['without endpoints', null],
  ['whose breakers are open', { refusal: 'open' }],
])('passes the share of an arm %s to the others, which keep their callers', (_name, state) => {
  const before = armsOf(armsIn([{}, {}, {}]))
  const after = armsOf(armsIn([{}, state, {}]))
  expect(shareOf(after, 'sglang')).toBe(0)
  const moved = after.filter((arm, index) => arm !== before[index])
  expect(moved).toHaveLength(shareOf(before, 'sglang'))
  expect(Math.abs(shareOf(moved, 'vllm') - moved.length / 2)).toBeLessThan(3.29 * Math.sqrt(moved.length / 4))
})

test('keeps callers on an arm that is only full: they wait for it', () => {
  const full = armsIn([{ refusal: 'full' }, {}, {}])
  expect(armsOf(full)).toEqual(armsOf(armsIn([{}, {}, {}])))
})

test('still chooses an arm where none works', () => {
  const broken = armsIn([{ refusal: 'open' }, null, { refusal: 'cooldown' }])
  const arms = new Set(armsOf(broken, CALLERS.slice(0, 1_000)))
  expect(arms).toEqual(new Set(['vllm', 'trtllm']))
})

test.each<[string, object, Partial<Caller>]>([
  ['of a key that everyone uses', {}, { isShared: true }],
  ['of a route that is sticky by request', { sticky: 'request' }, {}],
])('draws each request %s by itself', (_name, changes, callerChanges) => {
  const route = { strategy: 'canary', primary: 'vllm', canary: 'sglang', percent: 25, ...changes }
  const candidate = candidateOf(route)
  const caller = callerOf([], callerChanges)
  let drawn = 0
  const count = 10_000
  // Evenly spaced pairs stand for chance: every draw of the two arms meets every other.
  const points = Array.from({ length: 100 }, (_, index) => (index + 0.5) / 100)
  for (const first of points) {
    for (const second of points) {
      const draws = [first, second]
      if (chooseArm(candidate, caller, () => draws.shift() ?? 0).upstream === 'sglang') drawn++
    }
  }
  expect(Math.abs(drawn / count - 0.25)).toBeLessThan(0.01)
})
