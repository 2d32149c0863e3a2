import * as fc from 'fast-check'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { Caller, EffectiveLimits } from '../auth/caller.ts'
import { GatewayError } from '../errors.ts'
import type { Limiter, Reservation } from './limiter.ts'
import { MemoryLimiter } from './memory-limiter.ts'
import { SharedLimiter } from './shared-limiter.ts'
import { callerWith } from './testing/callers.ts'
import { LimitsModel } from './testing/model.ts'
import { hasRedis, startRedis } from './testing/redis-server.ts'

const WINDOW_MS = 10_000

/** One step: time passes, a caller asks, or a request that was admitted earlier settles. */
type Step =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'reserve'; readonly caller: number; readonly tokens: number }
  | {
      readonly kind: 'settle'
      readonly caller: number
      readonly index: number
      readonly tokens: number | undefined
      readonly wasServed: boolean
    }

/** Mostly no limit, so that each gets its turn at being the one that refuses; few values, so that sums meet limits exactly. */
const limit = (...values: number[]): fc.Arbitrary<number | null> => fc.constantFrom(null, null, ...values)
const tokens = fc.constantFrom(0, 5, 10, 20)

const effectiveLimits: fc.Arbitrary<EffectiveLimits> = fc.record({
  requestsPerWindow: limit(0, 1, 3, 6),
  tokensPerMinute: limit(0, 10, 30),
  concurrency: limit(0, 1, 2, 3),
})

const caller = fc.nat({ max: 1 })
const wait = fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 3_000, 9_999, 10_000, 60_000) })
const reserve = fc.record({ kind: fc.constant('reserve' as const), caller, tokens })
const settle = fc.record({
  kind: fc.constant('settle' as const),
  caller,
  index: fc.nat({ max: 100 }),
  tokens: fc.constantFrom(undefined, 0, 5, 20, 50),
  wasServed: fc.boolean(),
})

const callerLimits = fc.tuple(effectiveLimits, effectiveLimits)
const standing = fc.array(fc.oneof(reserve, settle), { maxLength: 40 })

/** What a limiter answers: what is left, or undefined for a refusal. */
async function ask(limiter: Limiter, caller: Caller, tokens: number): Promise<Reservation | undefined> {
  try {
    return await limiter.reserve(caller, tokens)
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'rate_limit_exceeded') return undefined
    throw error
  }
}

/** What the answer's headers say is left; null where there is no limit. */
function leftIn({ headers }: Reservation): { requests: number | null; tokens: number | null } {
  const read = (name: string): number | null => {
    const value = headers[`x-ratelimit-remaining-${name}`]
    return value === undefined ? null : Number(value)
  }
  return { requests: read('requests'), tokens: read('tokens') }
}

/** Settles one of the requests that were admitted to a caller, perhaps not for the first time; says which. */
function settleHeld(held: readonly Reservation[], step: Extract<Step, { kind: 'settle' }>): number {
  const index = step.index % Math.max(1, held.length)
  held[index]?.settle(step.tokens, step.wasServed)
  return index
}

test('in memory, callers get what a count of everything would give them', async () => {
  await fc.assert(
    fc.asyncProperty(callerLimits, fc.array(fc.oneof(wait, reserve, reserve, settle), { maxLength: 60 }), checkSteps),
    { numRuns: 500 },
  )
})

async function checkSteps(limits: readonly EffectiveLimits[], steps: readonly Step[]): Promise<void> {
  const clock = { ms: 1 }
  const limiter = new MemoryLimiter({ windowMs: WINDOW_MS, now: () => clock.ms })
  const sides = limits.map((one, index) => {
    const held: Reservation[] = []
    return { caller: callerWith(`caller-${index}`, one), model: new LimitsModel(one, WINDOW_MS), held }
  })
  for (const step of steps) {
    if (step.kind === 'wait') clock.ms += step.ms
    const side = step.kind === 'wait' ? undefined : sides[step.caller]
    if (side === undefined) continue
    if (step.kind === 'settle') {
      side.model.settle(settleHeld(side.held, step), step.tokens, step.wasServed)
    } else if (step.kind === 'reserve') {
      const reservation = await ask(limiter, side.caller, step.tokens)
      const expected = side.model.reserve(clock.ms, step.tokens)
      expect(reservation && leftIn(reservation)).toEqual(expected && shown(expected, side.caller.limits))
      if (reservation !== undefined) side.held.push(reservation)
    }
  }
}

/** What of the model's answer a caller is told. */
function shown(
  left: { requests: number; tokens: number },
  { requestsPerWindow, tokensPerMinute }: EffectiveLimits,
): { requests: number | null; tokens: number | null } {
  return {
    requests: requestsPerWindow === null ? null : left.requests,
    tokens: tokensPerMinute === null ? null : left.tokens,
  }
}

test.skipIf(!hasRedis)('with Redis, two replicas in turn answer as one does in memory', async () => {
  const redis = await startRedis()
  const options = {
    windowMs: 3_600_000, // the clock of Redis cannot be turned: nothing ends during the test
    redis: { url: redis.url, timeoutMs: 10_000, onFailure: 'closed' as const, replicas: 2 },
    now: () => performance.now(),
    log: pino({ level: 'silent' }),
  }
  const replicas = [new SharedLimiter(options), new SharedLimiter(options)]
  let run = 0
  try {
    await fc.assert(
      fc.asyncProperty(callerLimits, standing, async (limits, steps) => {
        run += 1
        const memory = new MemoryLimiter({ windowMs: options.windowMs, now: () => 0 })
        const callers = limits.map((one, index) => callerWith(`caller-${run}-${index}`, one))
        await compare([memory], replicas, callers, steps)
      }),
      { numRuns: 200 },
    )
  } finally {
    await Promise.all(replicas.map((replica) => replica.close()))
    await redis.kill()
  }
})

/** Takes the steps with both groups of limiters; whoever of a group is next answers. */
async function compare(
  one: readonly Limiter[],
  other: readonly Limiter[],
  callers: readonly Caller[],
  steps: readonly Step[],
): Promise<void> {
  const groups = [one, other].map((limiters) => ({ limiters, held: callers.map((): Reservation[] => []) }))
  for (const [turn, step] of steps.entries()) {
    if (step.kind === 'wait') continue
    const answers = groups.map(async ({ limiters, held }) => {
      const mine = held[step.caller] ?? []
      if (step.kind === 'settle') {
        settleHeld(mine, step)
        return undefined
      }
      const limiter = limiters[turn % limiters.length]
      const caller = callers[step.caller]
      const reservation = limiter && caller && (await ask(limiter, caller, step.tokens))
      if (reservation !== undefined) mine.push(reservation)
      return reservation && leftIn(reservation)
    })
    const [expected, answered] = await Promise.all(answers)
    expect(answered).toEqual(expected)
    if (step.kind === 'settle') await settled(other, callers[step.caller])
  }
}

/** Waits until each replica's settlements are in Redis: they are ahead of whatever it asks next. */
async function settled(replicas: readonly Limiter[], caller: Caller | undefined): Promise<void> {
  if (caller === undefined) return
  const probe = { ...caller, id: `${caller.id}-probe`, limits: { ...caller.limits, requestsPerWindow: 0 } }
  await Promise.all(replicas.map((replica) => ask(replica, probe, 0)))
}
