import { describe, expect, onTestFinished, test } from 'vitest'
import { describeBreakers, describeEndpoints } from './describe.ts'
import type { LiveEndpoint } from './live-endpoint.ts'
import { settingsOf, startTestRegistry } from './testing/registry.ts'

const SETTINGS = settingsOf({ breaker: { consecutive: 2, openMs: 1_000 } })

function setUp() {
  const setup = startTestRegistry({ lingerMs: 0 })
  onTestFinished(() => setup.registry.close())
  const { registry, tick } = setup
  const ensure = (url = 'mock://a', settings = SETTINGS, upstream = 'worker') =>
    registry.ensure(upstream, url, settings)
  const open = (url = 'mock://a', upstream = 'worker'): void => {
    const endpoint = ensure(url, SETTINGS, upstream)
    for (let failure = 0; failure < SETTINGS.breaker.consecutive; failure += 1) {
      endpoint.begin()
      endpoint.end({ kind: 'failure' })
    }
  }
  return { ...setup, ensure, open, tick }
}

describe('an endpoint', () => {
  test('takes no call while its breaker is open, then one, then all', () => {
    const { ensure, open, tick } = setUp()
    open()
    const endpoint = ensure()
    expect(endpoint.refusal()).toBe('open')
    expect(endpoint.restMs()).toBe(1_000)
    tick(1_000)
    expect(endpoint.isAvailable()).toBe(true)
    endpoint.begin()
    expect(endpoint.isAvailable()).toBe(false)
    endpoint.end({ kind: 'success' })
    expect(endpoint.isAvailable()).toBe(true)
  })

  test('pauses for as long as it asked, at most a minute, and that is no failure', () => {
    const { ensure, tick } = setUp()
    const endpoint = ensure()
    for (const ms of [5_000, 3_000]) {
      endpoint.begin()
      endpoint.end({ kind: 'cooldown', ms })
    }
    expect(endpoint.refusal()).toBe('cooldown')
    expect(endpoint.restMs()).toBe(5_000)
    tick(5_000)
    expect(endpoint.isAvailable()).toBe(true)
    endpoint.begin()
    endpoint.end({ kind: 'cooldown', ms: 3_600_000 })
    expect(endpoint.restMs()).toBe(60_000)
    tick(60_000)
    expect(endpoint.isAvailable()).toBe(true)
  })

  test('is full at its limit of calls', () => {
    const { ensure } = setUp()
    const endpoint = ensure('mock://a', settingsOf({ queue: { maxInFlight: 2 } }))
    endpoint.begin()
    expect(endpoint.isAvailable()).toBe(true)
    endpoint.begin()
    expect(endpoint.refusal()).toBe('full')
    endpoint.end({ kind: 'neutral' })
    expect(endpoint.isAvailable()).toBe(true)
  })

  test('has a breaker of its own, also beside another one of its upstream', () => {
    const { ensure, open } = setUp()
    open('mock://a')
    expect(ensure('mock://a').isAvailable()).toBe(false)
    expect(ensure('mock://b').isAvailable()).toBe(true)
    expect(ensure('mock://a', SETTINGS, 'other').isAvailable()).toBe(true)
  })
})

describe('over reloads', () => {
  test('an endpoint stays, with its breaker and under new settings', () => {
    const { ensure, open, closed } = setUp()
    open()
    const before = ensure()
    const after = ensure('mock://a', settingsOf({ breaker: { openMs: 9_000 }, queue: { maxInFlight: 7 } }))
    expect(after).toBe(before)
    expect(after.restMs()).toBe(9_000)
    expect(after.settings.queue.maxInFlight).toBe(7)
    expect(closed).toEqual([])
  })

  test('other connection settings make another endpoint, and the calls of the first one finish', async () => {
    const { ensure, registry, closed } = setUp()
    const before = ensure()
    before.begin()
    const after = ensure('mock://a', settingsOf({ pool: { maxConnections: 5 } }))
    registry.retain([after])
    expect(after).not.toBe(before)
    expect(before.isAvailable()).toBe(false)
    await settled()
    expect(closed).toEqual([])
    before.end({ kind: 'success' })
    await expect.poll(() => closed).toEqual(['mock://a'])
    expect(registry.endpoints()).toEqual([after])
    expect(after.isAvailable()).toBe(true)
  })

  test('one that left takes no new calls and is closed when its last call ends', async () => {
    const { ensure, registry, closed, changes } = setUp()
    const gone = ensure('mock://a')
    const stays = ensure('mock://b')
    gone.begin()
    gone.begin()
    registry.retain([stays])
    expect(gone.refusal()).toBe('draining')
    expect(registry.endpoints()).toEqual([stays])
    gone.end({ kind: 'success' })
    await settled()
    expect(closed).toEqual([])
    gone.end({ kind: 'success' })
    await expect.poll(() => closed).toEqual(['mock://a'])
    expect(gone.refusal()).toBe('removed')
    expect(stays.isAvailable()).toBe(true)
    expect(changes).toEqual(['mock://a removed'])
  })

  test('one that comes back before it is closed is the same, with its connections', async () => {
    const { ensure, registry, closed } = setUp()
    const before = ensure()
    before.begin()
    registry.retain([])
    expect(ensure()).toBe(before)
    expect(before.isAvailable()).toBe(true)
    before.end({ kind: 'success' })
    await settled()
    expect(closed).toEqual([])
  })

  test('one that comes back after it was closed is new', async () => {
    const { ensure, registry, closed } = setUp()
    const before = ensure()
    registry.retain([])
    await expect.poll(() => closed).toEqual(['mock://a'])
    const after = ensure()
    expect(after).not.toBe(before)
    expect(after.isAvailable()).toBe(true)
  })

  test('closing closes every client once, also of endpoints that were replaced', async () => {
    const { ensure, registry, closed } = setUp()
    ensure('mock://a').begin()
    ensure('mock://a', settingsOf({ pool: { idleMs: 10 } }))
    ensure('mock://b')
    await registry.close()
    expect(closed.toSorted()).toEqual(['mock://a', 'mock://a', 'mock://b'])
  })
})

describe('what administrators see', () => {
  test('the endpoints, with breaker, calls, health and load', () => {
    const { ensure, open, registry, tick } = setUp()
    open('mock://a')
    tick(500)
    ensure('mock://b').begin()
    registry.noteLoad('mock://b', { running: 4, waiting: 2, atMs: 1_500 })
    expect(describeEndpoints(registry.endpoints())).toEqual([
      {
        upstream: 'worker',
        url: 'mock://a',
        state: 'open',
        inFlight: 0,
        failures: 2,
        openedSeconds: 0,
        available: false,
        health: 'unchecked',
        load: null,
      },
      {
        upstream: 'worker',
        url: 'mock://b',
        state: 'closed',
        inFlight: 1,
        failures: 0,
        openedSeconds: null,
        available: true,
        health: 'unchecked',
        load: { running: 4, waiting: 2 },
      },
    ])
  })

  test('an upstream is as open as its best endpoint, and shows the worst one’s failures', () => {
    const { ensure, open, registry, tick } = setUp()
    open('mock://a')
    ensure('mock://b')
    open('mock://c', 'other')
    tick(1_500)
    open('mock://d', 'other')
    const endpoints: readonly LiveEndpoint[] = registry.endpoints()
    expect(describeBreakers(endpoints)).toEqual({
      worker: { state: 'closed', failure_count: 2, opened_seconds: 1 },
      other: { state: 'half_open', failure_count: 2, opened_seconds: 1 },
    })
  })

  test('changes are reported once each', () => {
    const { ensure, open, changes, tick } = setUp()
    open()
    tick(1_000)
    const endpoint = ensure()
    endpoint.begin()
    endpoint.end({ kind: 'success' })
    expect(changes).toEqual(['mock://a opened', 'mock://a half_opened', 'mock://a closed'])
  })
})

/** Time for what is due at once. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20))
}
