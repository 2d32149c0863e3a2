import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Caller } from '../auth/caller.ts'
import { GatewayError } from '../errors.ts'
import { createLimiter, type BackendState } from './create-limiter.ts'
import { LEASE_MS } from './leases.ts'
import type { Limiter, Reservation } from './limiter.ts'
import { callerWith } from './testing/callers.ts'
import { freePort, hasRedis, startRedis, type RedisServer } from './testing/redis-server.ts'

interface Replica {
  readonly limiter: Limiter
  readonly states: BackendState[]
  readonly logged: string[]
}

interface Settings {
  readonly url: string
  readonly windowSeconds?: number
  readonly onFailure?: 'local' | 'open' | 'closed'
  readonly replicas?: number
  readonly timeoutMs?: number
}

/** A limiter as one process of the gateway has it. */
function startReplica(settings: Settings): Replica {
  const { url, windowSeconds = 60, onFailure = 'local', replicas = 3, timeoutMs = 10_000 } = settings
  const states: BackendState[] = []
  const logged: string[] = []
  const config = {
    default: { requestsPerWindow: 60, tokensPerMinute: null, concurrency: null },
    windowSeconds,
    redis: { url, timeoutMs, onFailure, replicas }, // not the default of 50 ms: what is tested is not the speed
  }
  const log = pino({}, { write: (line: string) => void logged.push(line) })
  const limiter = createLimiter(config, {
    now: () => performance.now(),
    log,
    onBackendState: (state) => states.push(state),
  })
  onTestFinished(() => limiter.close())
  return { limiter, states, logged }
}

/** How many of `count` concurrent requests are admitted, spread over replicas. Each settles at once. */
async function admittedOf(count: number, replicas: readonly Replica[], caller: Caller): Promise<number> {
  const calls = Array.from({ length: count }, async (_, call) => {
    const reservation = await attempt(replicas[call % replicas.length]?.limiter, caller)
    reservation?.settle(undefined)
    return reservation === undefined ? 0 : 1
  })
  return (await Promise.all(calls)).reduce<number>((sum, one) => sum + one, 0)
}

/** A reservation, or undefined for one that a limit refuses. */
async function attempt(limiter: Limiter | undefined, caller: Caller, tokens = 0): Promise<Reservation | undefined> {
  try {
    return await limiter?.reserve(caller, tokens)
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'rate_limit_exceeded') return undefined
    throw error
  }
}

const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 10_000, interval: 20 })

const lastOf = ({ states }: Replica): BackendState | undefined => states.at(-1)

let redis: RedisServer
let client: Redis

describe.skipIf(!hasRedis)('replicas with one Redis', () => {
  beforeAll(async () => {
    redis = await startRedis()
    client = new Redis(redis.url)
  })
  afterAll(async () => {
    client.disconnect()
    await redis.kill()
  })
  beforeEach(async () => void (await client.flushall()))

  test('three replicas admit exactly the limit, to each caller by itself', async () => {
    const replicas = [1, 2, 3].map(() => startReplica({ url: redis.url }))
    const callers = ['a', 'b', 'c', 'd'].map((id) => callerWith(id, { requestsPerWindow: 100 }))
    const admitted = await Promise.all(callers.map((caller) => admittedOf(1_000, replicas, caller)))
    expect(admitted).toEqual([100, 100, 100, 100])
    expect(replicas.map(lastOf)).toEqual(['redis', 'redis', 'redis'])
  })

  test('a window ends on the clock of Redis, and the next one admits the limit again', async () => {
    const replicas = [1, 2].map(() => startReplica({ url: redis.url, windowSeconds: 1 }))
    const caller = callerWith('a', { requestsPerWindow: 5 })
    expect(await admittedOf(50, replicas, caller)).toBe(5)
    await eventually(() => client.keys('nexus:limit:{*')).toEqual([])
    expect(await admittedOf(50, replicas, caller)).toBe(5)
  })

  test('tokens are reserved and settled across replicas', async () => {
    const [one, two] = [startReplica({ url: redis.url }), startReplica({ url: redis.url })]
    const caller = callerWith('a', { tokensPerMinute: 100 })
    const held = await one.limiter.reserve(caller, 80)
    expect(await attempt(two.limiter, caller, 30)).toBeUndefined()
    held.settle(10)
    held.settle(0)
    const next = await one.limiter.reserve(caller, 30) // behind the settlement on the same connection
    expect(next.headers['x-ratelimit-remaining-tokens']).toBe('60')
    expect((await two.limiter.reserve(caller, 60)).headers['x-ratelimit-remaining-tokens']).toBe('0')
  })

  test('a request that was never served is given back', async () => {
    const { limiter } = startReplica({ url: redis.url })
    const caller = callerWith('a', { requestsPerWindow: 1, tokensPerMinute: 10 })
    ;(await limiter.reserve(caller, 10)).settle(0, false)
    expect((await limiter.reserve(caller, 10)).headers).toMatchObject({
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-remaining-tokens': '0',
    })
  })

  test('requests in flight are limited across replicas', async () => {
    const replicas = [1, 2].map(() => startReplica({ url: redis.url }))
    const caller = callerWith('a', { concurrency: 3 })
    const held = await Promise.all(Array.from({ length: 10 }, (_, n) => attempt(replicas[n % 2]?.limiter, caller)))
    expect(held.filter((one) => one !== undefined)).toHaveLength(3)
    for (const one of held) one?.settle(undefined)
    const all = replicas.map(
      ({ limiter }) =>
        async () =>
          attempt(limiter, caller),
    )
    await eventually(async () => (await all[0]?.())?.headers).toEqual({})
  })

  test('the places of a replica that crashed are free once their leases expire', async () => {
    const [crashed, other] = [startReplica({ url: redis.url }), startReplica({ url: redis.url })]
    const caller = callerWith('a', { concurrency: 1 })
    await crashed.limiter.reserve(caller, 0)
    expect(await attempt(other.limiter, caller)).toBeUndefined()
    const [leases = ''] = await client.keys('*:leases')
    const ttl = await client.pttl(leases)
    expect(ttl).toBeGreaterThan(0)
    expect(ttl).toBeLessThanOrEqual(LEASE_MS)
    const [lease = ''] = await client.zrange(leases, '0', '-1')
    await client.zadd(leases, Date.now() - 1, lease) // as if the time had passed
    expect(await attempt(other.limiter, caller)).toBeDefined()
  })

  test('no caller and no key is named in Redis', async () => {
    const { limiter } = startReplica({ url: redis.url })
    await limiter.reserve(callerWith('nvapi-test-secret', { requestsPerWindow: 5, concurrency: 5 }), 0)
    const keys = await client.keys('nexus:limit:{*')
    expect(keys.map((key) => key.replace(/[0-9a-f]{16}/, 'DIGEST')).sort()).toEqual([
      'nexus:limit:{DIGEST}:leases',
      'nexus:limit:{DIGEST}:usage',
    ])
    const [leases = ''] = keys.filter((key) => key.endsWith('leases'))
    expect((await client.zrange(leases, '0', '-1')).join(' ')).not.toContain('nvapi')
  })

  test('scripts that somebody flushed are sent again', async () => {
    const replica = startReplica({ url: redis.url })
    const caller = callerWith('a', { requestsPerWindow: 5 })
    await replica.limiter.reserve(caller, 0)
    await client.script('FLUSH')
    expect((await replica.limiter.reserve(caller, 0)).headers['x-ratelimit-remaining']).toBe('3')
    expect(replica.states).toEqual(['redis'])
  })

  test('refusals say as much as they do without Redis', async () => {
    const { limiter } = startReplica({ url: redis.url, windowSeconds: 86_400 })
    const caller = callerWith('a', { requestsPerWindow: 1, tokensPerMinute: 50 })
    await limiter.reserve(caller, 5)
    await expect(limiter.reserve(caller, 5)).rejects.toMatchObject({
      code: 'rate_limit_exceeded',
      headers: {
        'x-ratelimit-limit-requests': '1',
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-remaining-tokens': '45',
        'x-ratelimit-reset-requests': '24h0m0s',
      },
    })
  })
})

describe.skipIf(!hasRedis)('without Redis', () => {
  let server: RedisServer
  beforeEach(async () => {
    server = await startRedis()
    return () => server.kill()
  })

  test('each replica goes on with its share, what it was granted before included', async () => {
    const replicas = [1, 2, 3].map(() => startReplica({ url: server.url }))
    const [even, fresh] = [
      callerWith('even', { requestsPerWindow: 90 }),
      callerWith('fresh', { requestsPerWindow: 90 }),
    ]
    expect(await admittedOf(45, replicas, even)).toBe(45)
    await server.kill()
    await eventually(() => replicas.map(lastOf)).toEqual(['local', 'local', 'local'])
    expect(await admittedOf(600, replicas, even)).toBe(45)
    expect(await admittedOf(600, replicas, fresh)).toBe(90)
    expect(replicas.map(({ logged }) => logged.length)).toEqual([2, 2, 2]) // found it, lost it
  })

  test('a Redis that comes back empty is told what was granted', async () => {
    const replicas = [1, 2, 3].map(() => startReplica({ url: server.url }))
    const ids = Array.from({ length: 20 }, (_, index) => `caller-${index}`)
    const callers = ids.map((id) => callerWith(id, { requestsPerWindow: 90, tokensPerMinute: 1_000 }))
    const admit = (count: number) => Promise.all(callers.map((caller) => admittedOf(count, replicas, caller)))
    expect(await admit(60)).toEqual(callers.map(() => 60))
    await server.kill()
    await eventually(() => replicas.map(lastOf)).toEqual(['local', 'local', 'local'])
    expect(await admit(15)).toEqual(callers.map(() => 15))
    server = await startRedis(server.port)
    await eventually(() => replicas.map(lastOf)).toEqual(['redis', 'redis', 'redis'])
    expect(await admit(150)).toEqual(callers.map(() => 15))
    expect(replicas.map(({ states }) => states)).toEqual(replicas.map(() => ['redis', 'local', 'redis']))
  })

  test('a request that began without Redis is settled in it', async () => {
    const { limiter, states } = startReplica({ url: server.url, replicas: 1 })
    const caller = callerWith('a', { requestsPerWindow: 10, tokensPerMinute: 100, concurrency: 1 })
    ;(await limiter.reserve(caller, 1)).settle(1)
    await server.kill()
    await eventually(() => states.at(-1)).toBe('local')
    const held = await limiter.reserve(caller, 90)
    server = await startRedis(server.port)
    await eventually(() => states.at(-1)).toBe('redis')
    expect(await attempt(limiter, caller)).toBeUndefined()
    held.settle(19)
    expect((await limiter.reserve(caller, 0)).headers).toMatchObject({
      'x-ratelimit-remaining-tokens': '80',
      'x-ratelimit-remaining-requests': '7',
    })
  })

  test('a Redis that hangs delays what waits for it and nothing else', async () => {
    const { limiter, states } = startReplica({ url: server.url, timeoutMs: 200 })
    const caller = callerWith('a', { requestsPerWindow: 90 })
    await limiter.reserve(caller, 0)
    server.freeze()
    await Promise.all(Array.from({ length: 20 }, async () => limiter.reserve(caller, 0)))
    expect(limiter.reserve(caller, 0)).not.toBeInstanceOf(Promise)
    server.thaw()
    await eventually(() => states).toEqual(['redis', 'local', 'redis'])
  })

  test('a Redis that is full is as good as none, until it has room', async () => {
    const client = new Redis(server.url)
    onTestFinished(() => client.disconnect())
    const { limiter, states } = startReplica({ url: server.url, replicas: 1 })
    const caller = callerWith('a', { requestsPerWindow: 3 })
    await limiter.reserve(caller, 0)
    await client.config('SET', 'maxmemory', '1')
    await limiter.reserve(caller, 0)
    await eventually(() => states).toEqual(['redis', 'local'])
    await client.config('SET', 'maxmemory', '0')
    await eventually(() => states).toEqual(['redis', 'local', 'redis'])
    expect((await limiter.reserve(caller, 0)).headers['x-ratelimit-remaining']).toBe('0')
  })

  test('a process that was busy for longer than the timeout does not blame Redis', async () => {
    const { limiter, states } = startReplica({ url: server.url, timeoutMs: 50 })
    const caller = callerWith('a', { requestsPerWindow: 90 })
    await eventually(() => states.at(-1)).toBe('redis')
    const asked = [1, 2, 3].map(() => limiter.reserve(caller, 0))
    await pause(0) // the requests are on their way
    const until = performance.now() + 500
    while (performance.now() < until);
    expect((await asked[2])?.headers['x-ratelimit-remaining']).toBe('87')
    expect(states.filter((state) => state === 'local')).toEqual([])
  })

  test('`open` admits everything and `closed` nothing', async () => {
    await server.kill()
    const caller = callerWith('a', { requestsPerWindow: 1 })
    const open = startReplica({ url: server.url, onFailure: 'open' })
    expect(await admittedOf(50, [open], caller)).toBe(50)
    const closed = startReplica({ url: server.url, onFailure: 'closed' })
    await expect(closed.limiter.reserve(caller, 0)).rejects.toMatchObject({
      code: 'limiter_unavailable',
      status: 503,
      headers: { 'retry-after': '1' },
    })
  })

  test('a caller without limits never meets Redis', async () => {
    const { limiter } = startReplica({ url: `redis://127.0.0.1:${await freePort()}`, onFailure: 'closed' })
    expect(limiter.reserve(callerWith('a', {}), 5)).not.toBeInstanceOf(Promise)
  })

  test('a password that Redis refuses is said to be why, and is not logged', async () => {
    const url = server.url.replace('127.0.0.1', 'user:gw-test-password@127.0.0.1')
    const { limiter, logged, states } = startReplica({ url })
    await limiter.reserve(callerWith('a', { requestsPerWindow: 5 }), 0)
    await eventually(() => states).toEqual(['local'])
    expect(logged.join('')).toContain('WRONGPASS')
    expect(logged.join('')).not.toContain('gw-test-password')
  })
})
