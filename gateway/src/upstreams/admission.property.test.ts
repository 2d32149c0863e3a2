import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { GatewayError } from '../errors.ts'
import { Admission } from './admission.ts'
import type { AttemptResult, Endpoint } from './endpoint.ts'
import { armOf, settingsOf, startTestRegistry, TestClient } from './testing/registry.ts'

const LIMIT = 2
const WAITING = 4
const SETTINGS = settingsOf({
  queue: { maxInFlight: LIMIT, maxWaiting: WAITING, timeoutMs: 500 },
  breaker: { consecutive: 2, openMs: 300 },
})

type Step =
  | { readonly do: 'acquire'; readonly arm: number; readonly avoid: number }
  | { readonly do: 'end'; readonly which: number; readonly result: AttemptResult }
  | { readonly do: 'leave'; readonly which: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'health'; readonly which: number; readonly isHealthy: boolean }

const result: fc.Arbitrary<AttemptResult> = fc.oneof(
  fc.constantFrom<AttemptResult>(
    ...([
      { kind: 'success' },
      { kind: 'success' },
      { kind: 'failure' },
      { kind: 'failure' },
      { kind: 'neutral' },
    ] as const),
  ),
  fc.nat(400).map((ms): AttemptResult => ({ kind: 'cooldown', ms })),
)

const acquire = fc.tuple(fc.nat(1), fc.nat(5)).map(([arm, avoid]): Step => ({ do: 'acquire', arm, avoid }))
const end = fc.tuple(fc.nat(50), result).map(([which, ended]): Step => ({ do: 'end', which, result: ended }))
const leave = fc.nat(50).map((which): Step => ({ do: 'leave', which }))
const wait = fc.nat(350).map((ms): Step => ({ do: 'wait', ms }))
const health = fc.tuple(fc.nat(2), fc.boolean()).map(([which, isHealthy]): Step => ({ do: 'health', which, isHealthy }))

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: acquire },
  { weight: 6, arbitrary: end },
  { weight: 2, arbitrary: leave },
  { weight: 2, arbitrary: wait },
  { weight: 1, arbitrary: health },
)

/** One request of the model: what it holds or waits for. */
interface Asked {
  readonly client: TestClient
  readonly arm: number
  endpoint?: Endpoint
  error?: unknown
}

function setUp() {
  const { registry } = startTestRegistry({ now: () => performance.now() })
  const pick = (endpoints: readonly Endpoint[]): Endpoint => {
    const [first] = endpoints
    if (first === undefined) throw new Error('nothing to choose from')
    return first
  }
  const admission = new Admission({ registry, balancerFor: () => ({ pick }) })
  const endpoints = ['a', 'b', 'c'].map((name) => registry.ensure('worker', `mock://${name}`, SETTINGS))
  // Two arms that share an endpoint.
  const arms = [armOf(endpoints.slice(0, 2), SETTINGS, 'one'), armOf(endpoints.slice(1), SETTINGS, 'two')]
  return { registry, admission, endpoints, arms }
}

class Model {
  readonly setup = setUp()
  /** In the order in which they came. */
  readonly asked: Asked[] = []

  get holding(): Asked[] {
    return this.asked.filter(({ endpoint }) => endpoint !== undefined)
  }

  get waiting(): Asked[] {
    return this.asked.filter(({ endpoint, error }) => endpoint === undefined && error === undefined)
  }

  apply(taken: Step): void {
    const { registry, endpoints } = this.setup
    if (taken.do === 'acquire') this.#acquire(taken.arm, endpoints[taken.avoid])
    if (taken.do === 'end') this.#end(nth(this.holding, taken.which), taken.result)
    if (taken.do === 'leave') this.#leave(nth(this.asked, taken.which))
    if (taken.do === 'wait') vi.advanceTimersByTime(taken.ms)
    if (taken.do === 'health') registry.endpoints()[taken.which]?.setHealthy(taken.isHealthy)
  }

  #acquire(number: number, avoid: Endpoint | undefined): void {
    const arm = this.setup.arms[number]
    if (arm === undefined) throw new Error('there are two arms')
    const asked: Asked = { client: new TestClient(), arm: number }
    this.asked.push(asked)
    const acquire = async (): Promise<Endpoint> => this.setup.admission.acquire(arm, { exchange: asked.client, avoid })
    acquire().then(
      (endpoint) => (asked.endpoint = endpoint),
      (error: unknown) => (asked.error = error),
    )
  }

  #end(asked: Asked | undefined, ended: AttemptResult): void {
    if (asked?.endpoint === undefined) return
    this.asked.splice(this.asked.indexOf(asked), 1)
    asked.endpoint.end(ended)
  }

  /** Whoever has an endpoint already gives it back, as the relay does. */
  #leave(asked: Asked | undefined): void {
    asked?.client.leave()
    this.#end(asked, { kind: 'neutral' })
  }
}

function nth<T>(items: readonly T[], number: number): T | undefined {
  return items[number % Math.max(1, items.length)]
}

/** Lets settled promises be heard; timers stand still. */
async function hear(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve()
}

function expectNothingLost(model: Model): void {
  const { endpoints, admission, arms } = model.setup
  for (const endpoint of endpoints) {
    const held = model.holding.filter((asked) => asked.endpoint === endpoint).length
    expect(endpoint.inFlight).toBe(held)
    expect(held).toBeLessThanOrEqual(LIMIT)
  }
  for (const [number, arm] of arms.entries()) {
    const waiting = model.waiting.filter((asked) => asked.arm === number)
    expect(admission.waiting().get(arm.upstream) ?? 0).toBe(waiting.length)
    expect(waiting.length).toBeLessThanOrEqual(WAITING)
    if (waiting.length > 0) expect(arm.endpoints.some((endpoint) => endpoint.isAvailable())).toBe(false)
  }
  for (const { error } of model.asked) if (error !== undefined) expect(error).toBeInstanceOf(GatewayError)
  for (const { client } of model.waiting) expect(client.isListened).toBe(true)
  for (const { client } of model.holding) expect(client.isListened).toBe(false)
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('whatever calls, ends, clients that leave, timeouts and health do, no place is lost and none given twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), async (steps) => {
      const model = new Model()
      for (const taken of steps) {
        model.apply(taken)
        await hear()
        expectNothingLost(model)
      }
      while (model.holding.length > 0) {
        model.apply({ do: 'end', which: 0, result: { kind: 'success' } })
        await hear()
      }
      vi.advanceTimersByTime(1_000)
      await hear()
      expect(model.waiting).toEqual([])
      expect(model.setup.admission.waiting().size).toBe(0)
      expect(model.setup.endpoints.map(({ inFlight }) => inFlight)).toEqual([0, 0, 0])
      await model.setup.registry.close()
      expect(vi.getTimerCount()).toBe(0)
    }),
    { numRuns: 200 },
  )
})

test('of those who wait for one arm, the first that came is served first', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), async (steps) => {
      const model = new Model()
      for (const taken of steps) {
        const before = model.waiting
        model.apply(taken.do === 'acquire' ? { ...taken, avoid: 9 } : taken)
        await hear()
        for (const number of model.setup.arms.keys()) {
          const line = before.filter(({ arm, error }) => arm === number && error === undefined)
          const served = line.map(({ endpoint }) => endpoint !== undefined)
          // Nobody is served behind one who still waits.
          expect(served).toEqual(served.toSorted((one, other) => Number(other) - Number(one)))
        }
      }
    }),
    { numRuns: 100 },
  )
})
