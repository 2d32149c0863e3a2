import type { Caller } from '../auth/caller.ts'
import type { Arm, Candidate } from './candidate.ts'
import { hashOf, toUnit } from './hash.ts'

/**
 * The arm that serves a request. A caller stays on one arm, on every replica and over restarts: its own identity decides,
 * which a client cannot choose. When weights change only the share that must moves; an arm without working endpoints
 * passes its share to the others, in the proportion of their weights. A key that everyone uses says nothing of who calls,
 * so its requests are drawn one by one.
 *
 * Each arm draws a waiting time, exponentially distributed with its weight as the rate; the shortest wins. That is
 * rendezvous hashing with weights (Schindelhauer and Schomaker, 2005): an arm's time depends on nothing but that arm.
 */
export function chooseArm(candidate: Candidate, caller: Caller, random: () => number = Math.random): Arm {
  const { arms, label, sticky } = candidate
  const [first] = arms
  if (first === undefined) throw new RangeError('There is no arm to choose from')
  if (arms.length === 1) return first.arm
  const seed = sticky === 'caller' && !caller.isShared ? hashOf(caller.id, hashOf(label)) : undefined
  let chosen = first.arm
  let bestHealth = -1
  let shortest = Infinity
  for (const { arm, weight } of arms) {
    const health = healthOf(arm)
    if (health < bestHealth) continue
    const drawn = seed === undefined ? 1 - random() : toUnit(hashOf(arm.upstream, seed))
    const waiting = -Math.log(drawn) / weight
    if (health === bestHealth && waiting >= shortest) continue
    chosen = arm
    bestHealth = health
    shortest = waiting
  }
  return chosen
}

/** 2: it works, though it may be full for a moment; 1: its endpoints are out of order; 0: it has none. */
function healthOf({ endpoints }: Arm): 0 | 1 | 2 {
  for (const endpoint of endpoints) if (endpoint.isAvailable() || endpoint.refusal() === 'full') return 2
  return endpoints.length > 0 ? 1 : 0
}
