import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { UpstreamSettings } from '../config/schema/upstreams.ts'
import { Admission } from './admission.ts'
import type { Endpoint } from './endpoint.ts'
import { armOf, settingsOf, startTestRegistry, TestClient } from './testing/registry.ts'

const URLS = ['mock://a', 'mock://b']
const QUEUE = { maxInFlight: 1, maxWaiting: 3, timeoutMs: 1_000 }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function setUp(settings: UpstreamSettings = settingsOf({ queue: QUEUE }), urls = URLS) {
  const { registry } = startTestRegistry({ now: () => performance.now() })
  const picked: (string | undefined)[] = []
  const pick = (endpoints: readonly Endpoint[], affinityKey: string | undefined): Endpoint => {
    picked.push(affinityKey)
    const [first] = endpoints
    if (first === undefined) throw new Error('nothing to choose from')
    return first
  }
  const admission = new Admission({ registry, balancerFor: () => ({ pick }) })
  const endpoints = urls.map((url) => registry.ensure('worker', url, settings))
  const arm = armOf(endpoints, settings)
  const acquire = (more: { affinityKey?: string; avoid?: Endpoint; exchange?: TestClient } = {}) =>
    admission.acquire(arm, { exchange: new TestClient(), ...more })
  return { registry, admission, arm, endpoints, acquire, picked }
}

/** Fills every endpoint of an arm. */
function fill(endpoints: readonly Endpoint[]): void {
  for (const endpoint of endpoints) while (endpoint.isAvailable()) endpoint.begin()
}

function fail(endpoint: Endpoint | undefined, times = 5): void {
  for (let time = 0; time < times; time += 1) {
    endpoint?.begin()
    endpoint?.end({ kind: 'failure' })
  }
}

const SUCCESS = { kind: 'success' } as const

describe('while an endpoint is free', () => {
  test('the balancer chooses, at once, and the call has begun', () => {
    const { acquire, endpoints, picked } = setUp()
    expect(acquire({ affinityKey: 'session-1' })).toBe(endpoints[0])
    expect(endpoints.map(({ inFlight }) => inFlight)).toEqual([1, 0])
    expect(picked).toEqual(['session-1'])
  })

  test('one that cannot take calls is passed over', () => {
    const { acquire, endpoints } = setUp()
    fail(endpoints[0])
    expect(acquire()).toBe(endpoints[1])
  })

  test('the one that just failed is avoided, unless there is no other', () => {
    const { acquire, endpoints } = setUp(settingsOf())
    const [a, b] = endpoints
    if (a === undefined || b === undefined) throw new Error('there are two')
    expect(acquire({ avoid: a })).toBe(b)
    fail(b)
    expect(acquire({ avoid: a })).toBe(a)
  })

  test('no memory is kept for a call that need not wait', () => {
    const { acquire, admission } = setUp(settingsOf())
    for (let call = 0; call < 100; call += 1) void acquire()
    expect(admission.waiting().size).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('while no endpoint would take a call however long it waits', () => {
  test('it is refused with the time until the first breaker or pause ends', () => {
    const { acquire, endpoints } = setUp()
    fail(endpoints[0])
    endpoints[1]?.begin()
    endpoints[1]?.end({ kind: 'cooldown', ms: 12_300 })
    expect(() => acquire()).toThrow(
      expect.objectContaining({ code: 'no_healthy_upstream', status: 503, headers: { 'retry-after': '13' } }),
    )
  })

  test('an arm without endpoints is refused with the interval of the health checks', () => {
    const { admission, arm } = setUp()
    expect(() => admission.acquire({ ...arm, endpoints: [] }, { exchange: new TestClient() })).toThrow(
      expect.objectContaining({ code: 'no_healthy_upstream', headers: { 'retry-after': '5' } }),
    )
  })

  test('a half-open endpoint takes one probe and refuses the rest', () => {
    const { acquire, endpoints } = setUp(settingsOf(), ['mock://a'])
    fail(endpoints[0])
    vi.advanceTimersByTime(30_000)
    expect(acquire()).toBe(endpoints[0])
    expect(() => acquire()).toThrow(expect.objectContaining({ headers: { 'retry-after': '1' } }))
  })
})

describe('when the health checks say that all are down', () => {
  test('the calls go on, since rather the checks are wrong', () => {
    const { acquire, registry, endpoints } = setUp(settingsOf())
    for (const endpoint of registry.endpoints()) endpoint.setHealthy(false)
    expect(acquire()).toBe(endpoints[0])
  })

  test('open breakers are honoured all the same', () => {
    const { acquire, registry, endpoints } = setUp(settingsOf())
    for (const endpoint of registry.endpoints()) endpoint.setHealthy(false)
    fail(endpoints[0])
    expect(acquire()).toBe(endpoints[1])
    fail(endpoints[1])
    expect(() => acquire()).toThrow(expect.objectContaining({ code: 'no_healthy_upstream' }))
  })

  test('as long as one is healthy the others get nothing, even if it only pauses', () => {
    const { acquire, registry, endpoints } = setUp(settingsOf())
    registry.endpoints()[0]?.setHealthy(false)
    expect(acquire()).toBe(endpoints[1])
    endpoints[1]?.end({ kind: 'cooldown', ms: 2_000 })
    expect(() => acquire()).toThrow(expect.objectContaining({ headers: { 'retry-after': '2' } }))
  })
})

describe('while all are full', () => {
  test('those who wait are served in the order in which they came', async () => {
    const { acquire, admission, endpoints } = setUp()
    fill(endpoints)
    const order: number[] = []
    const waits = [1, 2, 3].map(async (number) => {
      const endpoint = await acquire()
      order.push(number)
      return endpoint
    })
    expect(admission.waiting()).toEqual(new Map([['worker', 3]]))
    endpoints[1]?.end(SUCCESS)
    endpoints[0]?.end(SUCCESS)
    expect(await Promise.all(waits.slice(0, 2))).toEqual([endpoints[1], endpoints[0]])
    endpoints[0]?.end(SUCCESS)
    expect(await waits[2]).toBe(endpoints[0])
    expect(order).toEqual([1, 2, 3])
    expect(admission.waiting().size).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('one too many is refused at once', async () => {
    const { acquire, endpoints } = setUp()
    fill(endpoints)
    const waits = [1, 2, 3].map(() => Promise.resolve(acquire()).catch(() => undefined))
    expect(() => acquire()).toThrow(
      expect.objectContaining({ code: 'overloaded', status: 503, headers: { 'retry-after': '1' } }),
    )
    vi.advanceTimersByTime(1_000)
    await Promise.all(waits)
  })

  test('nobody waits longer than the settings say', async () => {
    const { acquire, admission, endpoints } = setUp()
    fill(endpoints)
    const wait = expect(acquire()).rejects.toMatchObject({ code: 'overloaded', headers: { 'retry-after': '1' } })
    vi.advanceTimersByTime(999)
    expect(admission.waiting().get('worker')).toBe(1)
    vi.advanceTimersByTime(1)
    await wait
    expect(admission.waiting().size).toBe(0)
  })

  test('a client that leaves gives its place in the queue up, and gets no endpoint', async () => {
    const { acquire, admission, endpoints } = setUp()
    fill(endpoints)
    const client = new TestClient()
    const wait = expect(acquire({ exchange: client })).rejects.toMatchObject({ code: 'client_closed_request' })
    client.leave()
    await wait
    expect(admission.waiting().size).toBe(0)
    expect(client.isListened).toBe(false)
    endpoints[0]?.end(SUCCESS)
    expect(endpoints[0]?.inFlight).toBe(0)
  })

  test('a client that has left does not queue', () => {
    const { acquire, endpoints } = setUp()
    fill(endpoints)
    const client = new TestClient()
    client.leave()
    expect(() => acquire({ exchange: client })).toThrow(expect.objectContaining({ code: 'client_closed_request' }))
  })

  test('those who wait are told when no endpoint is left to wait for', async () => {
    const settings = settingsOf({ queue: QUEUE, breaker: { consecutive: 1, openMs: 4_000 } })
    const { acquire, endpoints } = setUp(settings, ['mock://a'])
    fill(endpoints)
    const wait = expect(acquire()).rejects.toMatchObject({
      code: 'no_healthy_upstream',
      headers: { 'retry-after': '4' },
    })
    endpoints[0]?.end({ kind: 'failure' })
    await wait
  })

  test('an endpoint whose pause ends serves those who wait, though no call ended', async () => {
    const { acquire, endpoints } = setUp()
    endpoints[1]?.begin()
    endpoints[1]?.end({ kind: 'cooldown', ms: 300 })
    fill(endpoints)
    const wait = acquire()
    vi.advanceTimersByTime(300)
    expect(await wait).toBe(endpoints[1])
  })

  test('a higher limit serves those who wait', async () => {
    const { acquire, endpoints, registry } = setUp()
    fill(endpoints)
    const wait = acquire()
    registry.ensure('worker', 'mock://b', settingsOf({ queue: { ...QUEUE, maxInFlight: 2 } }))
    expect(await wait).toBe(endpoints[1])
  })

  test('whoever came first gets an endpoint that several arms share', async () => {
    const { acquire, admission, endpoints, arm } = setUp()
    fill(endpoints)
    const shared = { ...armOf(endpoints.slice(0, 1), arm.settings, 'other') }
    const first = admission.acquire(shared, { exchange: new TestClient() })
    const second = acquire()
    endpoints[0]?.end(SUCCESS)
    expect(await first).toBe(endpoints[0])
    endpoints[1]?.end(SUCCESS)
    expect(await second).toBe(endpoints[1])
  })
})

describe('when the configuration changes', () => {
  test('a request that chose before it still reaches an upstream that left', () => {
    const { acquire, registry, endpoints } = setUp()
    registry.retain([])
    expect(acquire()).toBe(endpoints[0])
  })

  test('but not while another of its endpoints stays', () => {
    const { acquire, registry, endpoints } = setUp()
    registry.retain(endpoints.slice(1))
    expect(acquire()).toBe(endpoints[1])
  })

  test('and not once that is closed', () => {
    const { acquire, registry } = setUp()
    registry.retain([])
    vi.advanceTimersByTime(1_000)
    expect(() => acquire()).toThrow(expect.objectContaining({ code: 'no_healthy_upstream' }))
  })
})
