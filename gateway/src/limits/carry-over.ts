import type { RedisConnection } from './redis-connection.ts'
import { CARRY, keysOf } from './scripts.ts'
import type { Usage, UsageTable } from './usage.ts'
import type { Window } from './window.ts'

const CARRIED_AT_ONCE = 500

/** A window that is all but over is not worth telling: by the time Redis hears of it, it may be another one there. */
const LEAST_LEFT_MS = 50

/**
 * Tells Redis what this replica granted in windows that still run: what it granted alone while Redis was away and, should
 * Redis have lost its memory, what it was granted before.
 *
 * @throws Error when Redis does not take it
 */
export async function carryOver(
  usages: UsageTable,
  connection: RedisConnection,
  now: () => number,
  timeoutMs: number,
): Promise<void> {
  const running = [...usages.values()].filter(
    (usage) => leftMs(usage.requests, now()) + leftMs(usage.tokens, now()) > 0,
  )
  for (let from = 0; from < running.length; from += CARRIED_AT_ONCE) {
    const part = running.slice(from, from + CARRIED_AT_ONCE)
    await Promise.all(part.map((usage) => carryUsage(usage, connection, now(), timeoutMs)))
  }
}

async function carryUsage(
  { callerId, requests, tokens }: Usage,
  connection: RedisConnection,
  at: number,
  timeoutMs: number,
): Promise<void> {
  const [usageKey] = keysOf(callerId)
  const told = [requests?.used ?? 0, tokens?.used ?? 0] as const
  const answer = await connection.run(
    CARRY,
    [usageKey],
    [...describe(requests, at), ...describe(tokens, at)],
    timeoutMs,
  )
  const [requestsEnd, tokensEnd] = readIntegers(answer)
  note(requests, requestsEnd, told[0])
  note(tokens, tokensEnd, told[1])
}

function describe(window: Window | undefined, at: number): number[] {
  if (window === undefined) return [0, 0, 0, 0]
  return [window.sharedId, window.used, window.shared, leftMs(window, at)]
}

function leftMs(window: Window | undefined, at: number): number {
  const left = window === undefined ? 0 : Math.floor(window.endsAt - at)
  return left < LEAST_LEFT_MS ? 0 : left
}

function note(window: Window | undefined, sharedId: number | undefined, told: number): void {
  if (window === undefined || sharedId === undefined || sharedId === 0) return
  window.sharedId = sharedId
  window.shared = told
}

/** The numbers of a script's answer. Anything else is no answer of our scripts. */
export function readIntegers(answer: unknown): readonly number[] {
  if (Array.isArray(answer) && answer.every((value): value is number => typeof value === 'number')) return answer
  throw new TypeError('Redis answered something else than the script does')
}
