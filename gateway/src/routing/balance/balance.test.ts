import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { UpstreamSettings } from '../../config/schema/upstreams.ts'
import type { Endpoint } from '../../upstreams/endpoint.ts'
import { endpointOf, type EndpointState } from '../testing/states.ts'
import { createLeastLoaded } from './least-loaded.ts'
import { createP2c } from './p2c.ts'
import { balancerFor, type BalancePolicy } from './policies.ts'
import { createRoundRobin } from './round-robin.ts'
import { createSessionAffinity } from './session-affinity.ts'

const settings = UpstreamSettings.parse({ balance: { scrape: { staleMs: 3_000 } } })

const endpoints = (...states: EndpointState[]): Endpoint[] =>
  states.map((state, index) => endpointOf('up', `http://10.0.0.${index}:8000`, settings, state))

const load = (running: number, waiting: number, atMs = 0): NonNullable<Endpoint['load']> => ({ running, waiting, atMs })

test.each<BalancePolicy>(['roundRobin', 'p2c', 'leastLoaded', 'sessionAffinity'])(
  '%s gives one of the endpoints, whatever their state, and refuses none at all',
  (policy) => {
    const state = fc.record({
      inFlight: fc.nat(1_000),
      load: fc.option(fc.record({ running: fc.nat(50), waiting: fc.nat(50), atMs: fc.nat(10_000) }), {
        nil: undefined,
      }),
    })
    const property = fc.property(
      fc.array(state, { minLength: 1, maxLength: 8 }),
      fc.option(fc.string()),
      (states, key) => {
        const all = endpoints(...states)
        expect(all).toContain(balancerFor(policy).pick(all, key ?? undefined))
      },
    )
    fc.assert(property, { numRuns: 200 })
    expect(() => balancerFor(policy).pick([], undefined)).toThrow(RangeError)
  },
)

test('round-robin takes turns, also over lists that change', () => {
  const all = endpoints({}, {}, {})
  const [a, b, c] = all
  const robin = createRoundRobin()
  const pick = (list: readonly (Endpoint | undefined)[]): number =>
    all.indexOf(
      robin.pick(
        list.filter((endpoint) => endpoint !== undefined),
        undefined,
      ),
    )
  expect([pick(all), pick(all), pick(all), pick(all)]).toEqual([0, 1, 2, 0])
  expect([pick([a, c]), pick([a, c]), pick([a, c])]).toEqual([2, 0, 2])
  expect([pick([a, b, c]), pick(all), pick(all)]).toEqual([1, 0, 2])
})

test('power of two choices takes the one with fewer calls of the two that it draws', () => {
  const all = endpoints({ inFlight: 3 }, { inFlight: 1 }, { inFlight: 2 })
  const picked = (first: number, second: number): number => {
    const draws = [first / 3, second / 2]
    return all.indexOf(createP2c(() => draws.shift() ?? 0).pick(all, undefined))
  }
  // The second draw is among the others, in turn from the first on.
  expect([picked(0, 0), picked(0, 1), picked(1, 0), picked(2, 0), picked(2, 1)]).toEqual([1, 2, 1, 2, 1])
})

test('power of two choices keeps endpoints nearly even', () => {
  const counts = Array.from({ length: 10 }, (): EndpointState => ({ inFlight: 0 }))
  const all = endpoints(...counts)
  const balancer = createP2c()
  for (let call = 0; call < 10_000; call++) {
    const state = counts[all.indexOf(balancer.pick(all, undefined))]
    if (state !== undefined) state.inFlight = (state.inFlight ?? 0) + 1
  }
  const inFlight = counts.map((state) => state.inFlight ?? 0)
  // Drawing one at random leaves a spread of about a hundred.
  expect(Math.max(...inFlight) - Math.min(...inFlight)).toBeLessThan(20)
})

const leastLoaded = (nowMs = 0) => createLeastLoaded({ now: () => nowMs, random: () => 0.999 })

test.each<[string, EndpointState[], number]>([
  ['fewest calls in flight, where no server says more', [{ inFlight: 2 }, { inFlight: 1 }, { inFlight: 3 }], 1],
  ['least running', [{ load: load(9, 0) }, { load: load(4, 0) }, { load: load(5, 0) }], 1],
  ['least running and waiting', [{ load: load(2, 9) }, { load: load(9, 0) }, { load: load(5, 5) }], 1],
  [
    'least of others, our own calls not counted twice',
    [
      { inFlight: 6, load: load(6, 0) },
      { inFlight: 0, load: load(7, 0) },
    ],
    0,
  ],
  ['a server that has nothing to do, over one that says nothing', [{ inFlight: 1 }, { load: load(0, 0) }], 1],
])('least-loaded picks %s', (_name, states, expected) => {
  const all = endpoints(...states)
  expect(all.indexOf(leastLoaded().pick(all, undefined))).toBe(expected)
})

test('least-loaded does not believe what a server said long ago', () => {
  const all = endpoints({ load: load(50, 50, 1_000) }, { inFlight: 1 })
  expect(all.indexOf(leastLoaded(4_000).pick(all, undefined))).toBe(1)
  expect(all.indexOf(leastLoaded(4_001).pick(all, undefined))).toBe(0)
})

test('least-loaded counts the calls that it has sent since a server spoke', () => {
  const states: EndpointState[] = [{ load: load(2, 0) }, { load: load(4, 0) }]
  const all = endpoints(...states)
  const balancer = leastLoaded()
  const order = Array.from({ length: 6 }, () => {
    const index = all.indexOf(balancer.pick(all, undefined))
    const state = states[index]
    if (state !== undefined) state.inFlight = (state.inFlight ?? 0) + 1
    return index
  })
  expect(order.filter((index) => index === 0)).toHaveLength(4)
})

test('least-loaded treats equals alike', () => {
  const all = endpoints({}, {}, {})
  const balancer = createLeastLoaded()
  const picked = Array.from({ length: 300 }, () => all.indexOf(balancer.pick(all, undefined)))
  expect(new Set(picked)).toEqual(new Set([0, 1, 2]))
})

const sessions = Array.from({ length: 3_000 }, (_, index) => `session-${index}`)
const never = { pick: (): never => expect.fail('a session has a key') }

test('session affinity keeps each session on one endpoint, whatever the order they are listed in', () => {
  const all = endpoints({}, {}, {}, {})
  const balancer = createSessionAffinity(never)
  const homes = sessions.map((session) => balancer.pick(all, session).url)
  expect(sessions.map((session) => createSessionAffinity(never).pick(all.toReversed(), session).url)).toEqual(homes)
  const perEndpoint = all.map(({ url }) => homes.filter((home) => home === url).length)
  for (const count of perEndpoint) expect(Math.abs(count - 750)).toBeLessThan(3.29 * Math.sqrt(3_000 * 0.25 * 0.75))
})

test('session affinity moves only the sessions of an endpoint that leaves, and they come back with it', () => {
  const all = endpoints({}, {}, {}, {})
  const balancer = createSessionAffinity(never)
  const homes = sessions.map((session) => balancer.pick(all, session))
  const rest = all.slice(1)
  for (const [index, session] of sessions.entries()) {
    const home = homes[index]
    const now = balancer.pick(rest, session)
    if (home === all[0]) expect(rest).toContain(now)
    else expect(now).toBe(home)
  }
  expect(sessions.map((session) => balancer.pick(all, session))).toEqual(homes)
})

test('session affinity lets no endpoint have more than its share and a quarter', () => {
  const counts = Array.from({ length: 5 }, (): EndpointState => ({ inFlight: 0 }))
  const all = endpoints(...counts)
  const balancer = createSessionAffinity(never)
  for (let call = 1; call <= 1_000; call++) {
    // All of one popular session.
    const state = counts[all.indexOf(balancer.pick(all, 'popular'))]
    if (state !== undefined) state.inFlight = (state.inFlight ?? 0) + 1
    const most = Math.max(...counts.map(({ inFlight }) => inFlight ?? 0))
    expect(most).toBeLessThanOrEqual(Math.ceil((call / 5) * 1.25))
  }
})

test('session affinity leaves calls without a key to the other policy', () => {
  const all = endpoints({}, {})
  const second = all[1]
  if (second === undefined) throw new Error('there are two')
  expect(createSessionAffinity({ pick: () => second }).pick(all, undefined)).toBe(second)
})
