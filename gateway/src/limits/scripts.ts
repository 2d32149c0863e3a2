import { createHash } from 'node:crypto'

/** A Lua script as Redis knows it. */
export interface Script {
  readonly source: string
  readonly sha1: string
}

/**
 * The keys of a caller: `…:usage` is a hash (`requests` used in the window that ends at `requestsEnd`, `tokens` and
 * `tokensEnd` likewise), `…:leases` a sorted set of requests in flight by the time at which they expire. All times are
 * milliseconds of Redis' clock, so replicas need not agree on theirs. The braces keep both on one node of a cluster.
 */
export function keysOf(callerId: string): [usage: string, leases: string] {
  // 64 bits of a digest: an id may say who somebody is.
  const digest = createHash('sha256').update(callerId).digest('hex').slice(0, 16)
  return [`nexus:limit:{${digest}}:usage`, `nexus:limit:{${digest}}:leases`]
}

const CLOCK = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
`

/**
 * Checks all three limits and takes from all or from none. A window can end no later than its length from now: should
 * Redis' clock be set back, nobody waits longer than a window.
 *
 * KEYS usage, leases. ARGV request limit (-1: none), window ms, token limit, tokens, token window ms, concurrency limit,
 * lease, lease ms. Answers admitted (0 or 1), requests used, end, ms left, tokens used, end, ms left, in flight.
 */
export const RESERVE = script(`${CLOCK}
local held = redis.call('HMGET', KEYS[1], 'requestsEnd', 'requests', 'tokensEnd', 'tokens')
local function window(ends, used, length)
  ends, used = tonumber(ends), tonumber(used)
  if not ends or not used or now >= ends then return now + length, 0 end
  return math.min(ends, now + length), used
end
local requestLimit, tokenLimit, concurrencyLimit = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[6])
local tokensWanted = tonumber(ARGV[4])
local requestsEnd, requests = window(held[1], held[2], tonumber(ARGV[2]))
local tokensEnd, tokens = window(held[3], held[4], tonumber(ARGV[5]))
local inFlight = 0
if concurrencyLimit >= 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
  inFlight = redis.call('ZCARD', KEYS[2])
end
local admitted = (requestLimit < 0 or requests < requestLimit)
  and (tokenLimit < 0 or (tokenLimit > 0 and math.max(0, tokenLimit - tokens) >= tokensWanted))
  and (concurrencyLimit < 0 or inFlight < concurrencyLimit)
if admitted then
  local expires = 0
  if requestLimit >= 0 then
    requests = requests + 1
    redis.call('HSET', KEYS[1], 'requestsEnd', requestsEnd, 'requests', requests)
    expires = requestsEnd
  end
  if tokenLimit >= 0 then
    tokens = tokens + tokensWanted
    redis.call('HSET', KEYS[1], 'tokensEnd', tokensEnd, 'tokens', tokens)
    expires = math.max(expires, tokensEnd)
  end
  if expires > 0 then redis.call('PEXPIREAT', KEYS[1], expires) end
  if concurrencyLimit >= 0 then
    inFlight = inFlight + 1
    redis.call('ZADD', KEYS[2], now + ARGV[8], ARGV[7])
    redis.call('PEXPIRE', KEYS[2], ARGV[8])
  end
end
return {admitted and 1 or 0, requests, requestsEnd, requestsEnd - now, tokens, tokensEnd, tokensEnd - now, inFlight}
`)

/**
 * Corrects what a reservation took, each in the window that it was taken from, and gives its lease back.
 *
 * KEYS usage, leases. ARGV requests' end, requests to add, tokens' end, tokens to add, lease (empty: none).
 */
export const SETTLE = script(`
local ends = redis.call('HMGET', KEYS[1], 'requestsEnd', 'tokensEnd')
if ends[1] == ARGV[1] and ARGV[2] ~= '0' then redis.call('HINCRBY', KEYS[1], 'requests', ARGV[2]) end
if ends[2] == ARGV[3] and ARGV[4] ~= '0' then redis.call('HINCRBY', KEYS[1], 'tokens', ARGV[4]) end
if ARGV[5] ~= '' then redis.call('ZREM', KEYS[2], ARGV[5]) end
return 0
`)

/**
 * Tells a Redis that was away what one replica granted in windows that still run. Where Redis kept the window, only what
 * it has not been told is added; where it lost it, all of it. Windows are known by their ends, so the end of one that was
 * lost is not given again: the next replica would take it for kept. Answers the ends of both windows (0: none).
 *
 * KEYS usage. ARGV for requests, then for tokens: end as Redis told it (0: never), used, told of it, ms left (0: no window).
 */
export const CARRY = script(`${CLOCK}
local function carry(endField, usedField, at)
  local ends, used, told, left = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  if left <= 0 then return 0 end
  local held = tonumber(redis.call('HGET', KEYS[1], endField))
  if not held or now >= held then
    held = math.max(now + left, ends + 1)
    redis.call('HSET', KEYS[1], endField, held, usedField, used)
  else
    redis.call('HINCRBY', KEYS[1], usedField, held == ends and used - told or used)
  end
  if redis.call('PTTL', KEYS[1]) < held - now then redis.call('PEXPIREAT', KEYS[1], held) end
  return held
end
return {carry('requestsEnd', 'requests', 1), carry('tokensEnd', 'tokens', 5)}
`)

/** Extends the leases of requests that still run. KEYS leases. ARGV lease ms, leases. */
export const RENEW = script(`${CLOCK}
for index = 2, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[index]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 0
`)

function script(source: string): Script {
  return { source, sha1: createHash('sha1').update(source).digest('hex') }
}
