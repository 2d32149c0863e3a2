import { z } from 'zod'

/** The longest that a timer of Node can wait; it takes anything longer for 1 ms. */
const LONGEST_MS = 2 ** 31 - 1

/** A span of time in milliseconds; 0 is allowed. */
export const Milliseconds = z
  .int()
  .min(0)
  .max(LONGEST_MS, `must be at most ${Math.floor(LONGEST_MS / 1000)} seconds`)

/** A span of time in milliseconds that is not 0. */
export const Timeout = Milliseconds.min(1, 'must be more than 0 seconds')
