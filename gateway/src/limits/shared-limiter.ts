import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Caller, EffectiveLimits } from '../auth/caller.ts'
import type { LimitsConfig } from '../config/schema/limits.ts'
import { GatewayError } from '../errors.ts'
import { carryOver, readIntegers } from './carry-over.ts'
import { Leases, LEASE_MS } from './leases.ts'
import type { Limiter, Reservation } from './limiter.ts'
import { isUnlimited, MemoryLimiter, TOKEN_WINDOW_MS } from './memory-limiter.ts'
import type { RedisConnection } from './redis-connection.ts'
import { RedisLink, RETRY_MS } from './redis-link.ts'
import { findRefusal, refusalError, type FullStanding, type LimitKind } from './refusal.ts'
import { HeldReservation, UNLIMITED, wholeTokens, type Ledger } from './reservation.ts'
import { keysOf, RESERVE, SETTLE } from './scripts.ts'
import type { Usage } from './usage.ts'
import { Window } from './window.ts'

/** Where limits are counted: for all replicas, or each replica for itself because Redis is gone. */
export type BackendState = 'redis' | 'local'

export interface SharedLimiterOptions {
  readonly windowMs: number
  readonly redis: NonNullable<LimitsConfig['redis']>
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly log: Pick<Logger, 'info' | 'warn'>
  readonly onBackendState?: ((state: BackendState) => void) | undefined
  readonly onRefused?: ((kind: LimitKind) => void) | undefined
}

/** Before Redis is used, nobody waits for it: a slow answer is still an answer. */
const PREPARE_TIMEOUT_MS = 1000

/** Settlements under way at most; beyond that they are dropped: leases expire, and estimates stand. */
const MAX_SETTLEMENTS = 10_000

/**
 * Counts in Redis, exactly for all replicas together: one script checks and takes, windows are those of `MemoryLimiter`
 * on Redis' clock. What this replica was granted it remembers as well, so that it can go on without Redis.
 *
 * When Redis is gone (no answer in `timeoutMs`, an error, a closed connection), requests that already wait for it wait
 * `timeoutMs` at most, and later ones not at all. With `onFailure: local` each replica then grants `ceil(limit / replicas)`
 * in a window, what Redis granted it before included. In one window at most `limit + replicas × ceil(limit / replicas)` are
 * admitted, also when Redis comes back without its memory: replicas first tell it what they granted. That holds as
 * long as they reconnect within {@link RETRY_MS} of one another. Redis is used again within two seconds of answering.
 */
export class SharedLimiter implements Limiter, Ledger {
  readonly #options: SharedLimiterOptions
  readonly #memory: MemoryLimiter
  readonly #link: RedisLink
  readonly #leases: Leases
  #settlements = 0

  constructor(options: SharedLimiterOptions) {
    const { redis, windowMs, now, onRefused } = options
    this.#options = options
    this.#memory = new MemoryLimiter({ windowMs, now, onRefused })
    this.#leases = new Leases(() => this.#link.connection, PREPARE_TIMEOUT_MS)
    this.#link = new RedisLink({
      url: redis.url,
      timeoutMs: redis.timeoutMs,
      prepare: (connection, signal) => this.#prepare(connection, signal),
      onUp: () => this.#reportUp(),
      onDown: (reason) => this.#reportDown(reason),
    })
  }

  reserve(caller: Caller, tokens: number): Reservation | Promise<Reservation> {
    if (isUnlimited(caller.limits)) return UNLIMITED
    const wanted = wholeTokens(tokens)
    const { connection } = this.#link
    if (connection !== undefined) return this.#reserveShared(connection, caller, wanted)
    if (this.#link.isStarting) return this.#link.started.then(() => this.reserve(caller, wanted))
    return this.#reserveAlone(caller, wanted, undefined)
  }

  settled(reservation: HeldReservation, requests: number, tokens: number): void {
    const lease = this.#leases.release(reservation)
    const { requestWindow, tokenWindow, usage } = reservation
    const corrects = (requests !== 0 && requestWindow !== undefined) || (tokens !== 0 && tokenWindow !== undefined)
    const { connection } = this.#link
    if ((!corrects && lease === undefined) || connection === undefined || this.#settlements >= MAX_SETTLEMENTS) return
    if (requestWindow !== undefined) requestWindow.shared += requests
    if (tokenWindow !== undefined) tokenWindow.shared += tokens
    const ends = [requestWindow?.sharedId ?? 0, requests, tokenWindow?.sharedId ?? 0, tokens]
    this.#send(connection, usage, [...ends, lease ?? ''])
  }

  async close(): Promise<void> {
    this.#leases.close()
    await this.#link.close()
  }

  async #reserveShared(connection: RedisConnection, caller: Caller, tokens: number): Promise<Reservation> {
    const lease = caller.limits.concurrency === null ? '' : this.#leases.next()
    let answer: readonly number[]
    try {
      answer = await this.#askRedis(connection, caller, tokens, lease)
    } catch {
      return this.#reserveAlone(caller, tokens, lease) // the same lease: Redis may have taken the first one after all
    }
    const standing = standingFrom(answer, caller.limits)
    if (answer[0] === 1) return this.#grant(caller, tokens, lease, answer, standing)
    const refusal = findRefusal(caller.limits, standing, tokens) ?? 'requests'
    this.#options.onRefused?.(refusal)
    throw refusalError(refusal, { limits: caller.limits, standing, tokens, windowMs: this.#options.windowMs })
  }

  async #askRedis(
    connection: RedisConnection,
    { id, limits }: Caller,
    tokens: number,
    lease: string,
  ): Promise<readonly number[]> {
    const { now, windowMs, redis } = this.#options
    const keys = keysFor(this.#memory.usages.of(id, now()))
    const { requestsPerWindow, tokensPerMinute, concurrency } = limits
    const request = [requestsPerWindow ?? -1, windowMs, tokensPerMinute ?? -1, tokens, TOKEN_WINDOW_MS]
    return readIntegers(
      await connection.run(RESERVE, keys, [...request, concurrency ?? -1, lease, LEASE_MS], redis.timeoutMs),
    )
  }

  /** Remembers what Redis granted. */
  #grant(
    { id, limits }: Caller,
    tokens: number,
    lease: string,
    answer: readonly number[],
    standing: FullStanding,
  ): Reservation {
    const [, , requestsEnd = 0, , , tokensEnd = 0] = answer
    const at = this.#options.now()
    const usage = this.#memory.usages.of(id, at)
    usage.inFlight += 1
    if (limits.requestsPerWindow !== null) {
      usage.requests = sharedWindow(usage.requests, requestsEnd, at + standing.requestsResetMs)
      usage.requests.used += 1
      usage.requests.shared += 1
    }
    if (limits.tokensPerMinute !== null) {
      usage.tokens = sharedWindow(usage.tokens, tokensEnd, at + standing.tokensResetMs)
      usage.tokens.used += tokens
      usage.tokens.shared += tokens
    }
    return this.#held(new HeldReservation(limits, usage, tokens, standing, this), lease)
  }

  #reserveAlone({ id, limits }: Caller, tokens: number, lease: string | undefined): Reservation {
    const { onFailure, replicas } = this.#options.redis
    switch (onFailure) {
      case 'open':
        return UNLIMITED
      case 'closed':
        throw unavailable()
      case 'local': {
        const reservation = this.#memory.hold(id, shareOf(limits, replicas), tokens, this)
        return this.#held(reservation, limits.concurrency === null ? '' : (lease ?? this.#leases.next()))
      }
      default:
        return onFailure satisfies never
    }
  }

  #held(reservation: HeldReservation, lease: string): Reservation {
    if (lease !== '') this.#leases.hold(reservation, lease)
    return reservation
  }

  /** Fire and forget. A failure ends the connection, and what is not told then is told to the next one. */
  #send(connection: RedisConnection, usage: Usage, args: readonly (string | number)[]): void {
    this.#settlements += 1
    const finish = (): void => void (this.#settlements -= 1)
    connection.run(SETTLE, keysFor(usage), args, this.#options.redis.timeoutMs).then(finish, finish)
  }

  /**
   * A Redis that comes back may have lost its memory, and then the first replica to use it would be granted what others
   * were granted before. So each tells what it knows, gives the others the time to do the same, and tells the rest.
   */
  async #prepare(connection: RedisConnection, signal: AbortSignal): Promise<void> {
    const { now } = this.#options
    if (this.#memory.usages.size > 0) {
      await carryOver(this.#memory.usages, connection, now, PREPARE_TIMEOUT_MS)
      await pause(RETRY_MS, undefined, { signal })
      await carryOver(this.#memory.usages, connection, now, PREPARE_TIMEOUT_MS)
    }
    await this.#leases.renew(connection, PREPARE_TIMEOUT_MS)
  }

  #reportUp(): void {
    this.#options.log.info({ event: 'limits_backend', state: 'redis' }, 'Limits are counted in Redis, for all replicas')
    this.#options.onBackendState?.('redis')
  }

  #reportDown(reason: Error): void {
    const { onFailure } = this.#options.redis
    this.#options.log.warn(
      { event: 'limits_backend', state: 'local', error: reason.message, onFailure },
      'Redis cannot be used: limits are not shared by the replicas',
    )
    this.#options.onBackendState?.('local')
  }
}

function keysFor(usage: Usage): readonly string[] {
  usage.sharedKeys ??= keysOf(usage.callerId)
  return usage.sharedKeys
}

function standingFrom(answer: readonly number[], limits: EffectiveLimits): FullStanding {
  const [, requests = 0, , requestsResetMs = 0, tokens = 0, , tokensResetMs = 0, inFlight = 0] = answer
  return {
    requestsLeft: Math.max(0, (limits.requestsPerWindow ?? 0) - requests),
    requestsResetMs,
    tokensLeft: Math.max(0, (limits.tokensPerMinute ?? 0) - tokens),
    tokensResetMs,
    inFlight,
  }
}

/** The window that Redis speaks of: the one that is known, or a new one. */
function sharedWindow(known: Window | undefined, sharedId: number, endsAt: number): Window {
  return known !== undefined && known.sharedId === sharedId ? known : new Window(endsAt, sharedId)
}

/** One replica's share, rounded up so that a small limit is not none. */
function shareOf(limits: EffectiveLimits, replicas: number): EffectiveLimits {
  const share = (limit: number | null): number | null => (limit === null ? null : Math.ceil(limit / replicas))
  return {
    requestsPerWindow: share(limits.requestsPerWindow),
    tokensPerMinute: share(limits.tokensPerMinute),
    concurrency: share(limits.concurrency),
  }
}

function unavailable(): GatewayError {
  return new GatewayError(
    'limiter_unavailable',
    'The rate limits cannot be checked at the moment. Retry in a second.',
    {
      headers: { 'retry-after': '1', 'retry-after-ms': '1000' },
    },
  )
}
