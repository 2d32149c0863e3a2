/** Timers take no more, and fire at once instead: about 25 days. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1

/** `seconds` as the milliseconds of a timer. What should wait for longer wakes after the longest time. */
export function timerMs(seconds: number): number {
  return Math.min(seconds * 1000, LONGEST_TIMER_MS)
}
